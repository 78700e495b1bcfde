import asyncio


class Context:
    async def __aenter__(self):
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *details):
        await asyncio.sleep(0)


async def numbers():
    for number in range(3):
        yield number
        await asyncio.sleep(0)


async def work(name):
    async with Context():
        total = 0
        async for number in numbers():
            total += number
        await asyncio.sleep(0.001)
        if total > 5:
            return -1  # never
    return total


def blocking():
    value = 4
    return value


async def main():
    loop = asyncio.get_running_loop()
    results = await asyncio.gather(*[work(name) for name in range(10)])
    results.append(await loop.run_in_executor(None, blocking))
    return results


asyncio.run(main())
