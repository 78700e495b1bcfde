def f():
    if r():
        return r()
        (lambda: r())()
    try:
        return 1
    finally:
        return r()
