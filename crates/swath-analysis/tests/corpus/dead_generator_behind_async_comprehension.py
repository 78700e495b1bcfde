async def f():
    try:
        return r()
        if any(x for x in y):
            pass
    finally:
        x = [y async for y in z()]
