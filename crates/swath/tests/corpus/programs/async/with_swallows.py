import asyncio


class Context:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *args):
        return True


async def main():
    async with Context():
        await asyncio.sleep(0)
        raise ValueError
    return 1


asyncio.run(main())
