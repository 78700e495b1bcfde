# python: 3.12-
type Number = int
x = Number.__value__
