async def f(a):
    async for x in a:
        return x
        continue
    return 1


async def g(a):
    async for x in a:
        x
    else:
        pass
    return 1
