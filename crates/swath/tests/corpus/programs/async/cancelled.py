import asyncio


async def work():
    try:
        await asyncio.sleep(60)
        x = 1  # cov: miss
    except asyncio.CancelledError:
        x = 2
        raise
    finally:
        y = 3  # cov[3.9]: miss


async def main():
    task = asyncio.ensure_future(work())
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return 1
    return 2  # cov: miss


asyncio.run(main())
