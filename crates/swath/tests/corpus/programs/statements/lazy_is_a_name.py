lazy = 1
x = lazy
