raise E
1 + 1
type X[T] = list[T]
