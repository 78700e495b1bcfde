import asyncio


class Context:
    async def __aenter__(self):
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *args):
        await asyncio.sleep(0)


async def main():
    async with Context() as x:
        y = x
    return y


asyncio.run(main())
