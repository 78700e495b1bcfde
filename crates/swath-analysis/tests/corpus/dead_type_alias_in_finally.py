def returns_none():
    try:
        return
    finally:
        return r()
        type X[T] = r()


def returns_a_constant():
    try:
        return 1
    finally:
        return r()
        type X[T] = r()


def returns_a_value():
    try:
        return r() or 2
    finally:
        return r()
        type X[T] = r()
