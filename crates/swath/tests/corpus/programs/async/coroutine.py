import asyncio


async def inner():
    await asyncio.sleep(0)
    return 1


async def outer():
    x = await inner()
    return x


asyncio.run(outer())
