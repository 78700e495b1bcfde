import asyncio


async def fails(n):
    await asyncio.sleep(0)
    if n:
        raise ValueError
    return n


async def main():
    return await asyncio.gather(fails(0), fails(1), return_exceptions=True)


asyncio.run(main())
