# python: 3.12-
def f[T](x: T) -> T:
    return x


def g[
    T: int,
    *Ts,
    **P,
](
    x: T,
):
    return x  # cov: miss


f(1)
