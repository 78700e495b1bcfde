import asyncio


async def items():
    yield 1
    yield 2  # cov: miss


async def main():
    async for x in items():  # cov: 1/2
        break
    return 1


asyncio.run(main())
