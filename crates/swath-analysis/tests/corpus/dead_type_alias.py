raise E
type X[T] = list[T]
