import asyncio


async def items():
    for x in range(3):
        yield x


async def main(found):
    async for x in items():
        if x == found:
            break
    else:
        if 0:
            x = 9
        x = 10
    return x


asyncio.run(main(1))
asyncio.run(main(5))
