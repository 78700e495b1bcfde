def f(x):
    match x:
        case 1:
            a()
        case _:
            return  # pragma: no cover
            x = f'{n()!r} {
              t()}'
