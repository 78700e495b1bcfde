import asyncio


async def items():
    yield 1


async def main():
    async for x in items():
        y = x
    else:
        y = 2
    return y


asyncio.run(main())
