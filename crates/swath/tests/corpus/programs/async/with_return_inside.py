import asyncio


class Context:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *args):
        return False


async def main(x):
    async with Context():
        if x:
            return 1
    return 2


asyncio.run(main(0))
asyncio.run(main(1))
