import asyncio


async def count(number):
    for item in range(number):
        yield item


async def wait(item):
    await asyncio.sleep(0)
    return item


async def clean_up(number):
    try:
        raise KeyError
    finally:
        async for item in count(number):  # cov[3.8-3.9]: 1/2
            found = [await wait(part) for part in range(2)]
        found = 1


for number in [0, 2]:
    try:
        asyncio.run(clean_up(number))
    except KeyError:
        pass
