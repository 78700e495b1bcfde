import asyncio


class Later:
    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return 1


async def main():
    return await Later()


asyncio.run(main())
