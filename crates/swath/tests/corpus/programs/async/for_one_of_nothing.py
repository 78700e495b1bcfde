import asyncio


async def items():
    if False:
        yield 1  # cov: none  # cov[3.8-3.9]: hit


async def main():
    async for x in items():  # cov: 1/2
        y = x  # cov: miss
    return 1


asyncio.run(main())
