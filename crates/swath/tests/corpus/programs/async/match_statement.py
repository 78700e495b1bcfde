# python: 3.10-
import asyncio


async def f(x):
    match await asyncio.sleep(0, x):
        case 1:
            return 1
        case _:
            return 2


asyncio.run(f(1))
asyncio.run(f(2))
