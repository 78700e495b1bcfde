# python: 3.10-
def f(x):
    match x:
        case 1:
            return "one"
        case "two":
            return 2
        case _:
            return None


f(1)
f("two")
f(3)
