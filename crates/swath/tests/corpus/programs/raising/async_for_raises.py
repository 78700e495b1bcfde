import asyncio


class Items:
    def __init__(self, count, error):
        self.count = count
        self.error = error

    def __aiter__(self):
        return self

    async def __anext__(self):
        self.count -= 1
        if self.count < 0:
            raise self.error
        return self.count


async def goes_on(items):
    try:
        async for x in items:  # cov[3.8-3.9]: 1/2
            y = x
        return 1
    except ValueError:
        return 2


async def never_ends(items):
    try:
        async for x in items:  # cov: 1/2  # cov[3.14-]: hit
            if x == 9:
                break
        y = 1
    except ValueError:
        y = 2
    return y


async def breaks(items):
    async for x in items:  # cov: 1/2
        if x == 0:  # cov: 1/2
            break
    return 3


async def main():
    await goes_on(Items(2, StopAsyncIteration))
    await goes_on(Items(0, ValueError))
    await never_ends(Items(1, ValueError))
    await never_ends(Items(10, ValueError))
    await breaks(Items(1, ValueError))


asyncio.run(main())
