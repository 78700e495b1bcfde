x = 0
if x: y = 1
y = 2
