import asyncio
import time

from fastapi import FastAPI

app = FastAPI(openapi_url=None)


@app.get("/stock/{number}")
async def stock(number: int):
    total = 0
    async for step in steps(number % 4):
        if step % 2:
            total += step
        await asyncio.sleep(0.001)
    return total


async def steps(number):
    for step in range(number):
        await asyncio.sleep(0)
        yield step


@app.get("/reserved/{number}")
async def reserved(number: int):
    first, second = await asyncio.gather(
        asyncio.get_running_loop().run_in_executor(None, slow, number), quick(number)
    )
    return first + second


def slow(number):
    time.sleep(0.002)
    if number % 3 == 0:
        return 30
    return 1


async def quick(number):
    await asyncio.sleep(0.001)
    if number % 5 == 0:
        return 50
    return 2


@app.get("/shelves")
def shelves():
    return ["never asked for"]
