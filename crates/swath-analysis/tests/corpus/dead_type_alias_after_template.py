x = t'{y}'
raise E from x
type X[T] = list[T]
