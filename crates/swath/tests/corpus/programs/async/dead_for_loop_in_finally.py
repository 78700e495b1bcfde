import asyncio


async def main(x):
    try:
        x = 1
    finally:
        return x
        async for y in x:  # cov: none  # cov[3.8-3.9]: miss  # cov[3.11]: miss
            x = y  # cov: none  # cov[3.8-3.9]: miss


asyncio.run(main(1))
