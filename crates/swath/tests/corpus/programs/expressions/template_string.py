# python: 3.14-
x = 1
y = t"{x} and {x!r}"
y = t"""{
    x
}"""
