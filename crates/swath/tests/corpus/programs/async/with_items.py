import asyncio


class Context:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *args):
        return False


async def main():
    async with Context() as x, Context() as y:
        z = x, y
    return z


asyncio.run(main())
