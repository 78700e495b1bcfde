import asyncio


async def items():
    for x in range(3):
        yield x


async def main():
    total = 0
    async for x in items():  # cov[3.9]: 1/2
        total += x
    return total


asyncio.run(main())
