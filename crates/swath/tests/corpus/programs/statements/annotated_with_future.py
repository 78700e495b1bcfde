from __future__ import annotations

x: int
y: missing = 1


class Box:
    z: missing
    w: missing = 2


def f(a: missing) -> missing:
    b: missing = 1
    return b


f(1)
