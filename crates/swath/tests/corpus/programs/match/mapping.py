# python: 3.10-
def f(x):
    match x:
        case {"kind": "a", "value": value}:
            return value
        case {"kind": kind, **rest}:
            return kind, rest
        case {}:
            return "empty"
    return None


f({"kind": "a", "value": 1})
f({"kind": "b"})
f({})
f(1)
