x = 0
if x: y = 1; z = 2
y = 3; z = 4
