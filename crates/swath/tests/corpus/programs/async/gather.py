import asyncio


async def work(n):
    for x in range(n):
        await asyncio.sleep(0)
    if n > 1:
        return n
    return 0


async def main():
    return await asyncio.gather(
        work(1),
        work(2),
        work(3),
    )


asyncio.run(main())
