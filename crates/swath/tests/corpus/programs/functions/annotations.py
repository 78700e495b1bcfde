def f(x: int, y: "str" = "", *z: float) -> bool:
    w: int = x
    v: int
    return True


f(1)
