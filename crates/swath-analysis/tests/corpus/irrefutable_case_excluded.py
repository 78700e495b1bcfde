match x:
    case 1:
        y
    case _:
        assert_never(x)  # pragma: no cover
match x:
    case y:
        raise E(
            y)  # pragma: no cover
match x:
    case (1 | _):
        ...
