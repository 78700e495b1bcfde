x = 1
x
x.real
x == 1
(x, x)
[x]
