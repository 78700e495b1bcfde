# python: 3.12-
type Number = int | float
type Pair[T] = tuple[
    T,
    T,
]
x: Number = 1
