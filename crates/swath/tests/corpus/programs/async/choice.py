import asyncio


async def truth(x):
    await asyncio.sleep(0)
    return x


async def main():
    if await truth(1):  # cov: 1/2
        x = 1
    else:
        x = 2  # cov: miss
    while await truth(x):
        x -= 1
    return x


asyncio.run(main())
