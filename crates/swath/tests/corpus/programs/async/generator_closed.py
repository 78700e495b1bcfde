import asyncio


async def items():
    try:
        yield 1
        yield 2  # cov: miss
    finally:
        x = 1


async def main():
    it = items()
    await it.__anext__()
    await it.aclose()


asyncio.run(main())
