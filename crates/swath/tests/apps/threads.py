# Threads of every kind, and coroutines.
import _thread
import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor


def in_thread(results):
    results.append("threading")


def in_raw_thread(results, done):
    results.append("_thread")
    done.release()


def in_pool(number):
    doubled = number * 2
    return doubled


async def step(number):
    await asyncio.sleep(0)
    return number


async def numbers():
    for number in range(3):
        yield number


async def coroutines():
    together = await asyncio.gather(step(1), step(2))
    async for number in numbers():
        together.append(number)
    return together


def unasked():
    return "nobody calls this"  # miss


results = []
thread = threading.Thread(target=in_thread, args=(results,))
thread.start()
thread.join()
done = _thread.allocate_lock()
done.acquire()
_thread.start_new_thread(in_raw_thread, (results, done))
done.acquire()
with ThreadPoolExecutor(2) as pool:
    results.extend(pool.map(in_pool, range(4)))
results.extend(asyncio.run(coroutines()))
print(results)
