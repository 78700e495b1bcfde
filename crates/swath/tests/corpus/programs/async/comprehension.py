import asyncio


async def items():
    yield 1
    yield 2


async def main():
    x = [y async for y in items() if y]
    z = {
        y: y
        async for y in items()
    }
    return x, z


asyncio.run(main())
