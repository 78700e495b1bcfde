# python: 3.11-
import asyncio


async def work(results, n):
    await asyncio.sleep(0)
    results.append(n)


async def main():
    results = []
    async with asyncio.TaskGroup() as group:
        for n in range(2):
            group.create_task(work(results, n))
    return results


asyncio.run(main())
