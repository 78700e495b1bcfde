try:
    while f'a':
        pass
        def f(
            y=2):
            f(
            )
except E as e:
    pass
while '':

    pass
    async def f(x: int) -> int:
        pass
while __debug__:
    pass
    try:
        pass
    finally:
        pass
