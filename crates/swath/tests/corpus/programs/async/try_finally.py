import asyncio


async def main():
    try:
        await asyncio.sleep(0)
        raise ValueError
    except ValueError:
        x = 1
    finally:
        await asyncio.sleep(0)
    return x


asyncio.run(main())
