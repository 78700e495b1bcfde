from concurrent.futures import ThreadPoolExecutor


def work(n):
    if n % 2:
        return n
    return -n


with ThreadPoolExecutor(2) as pool:
    results = list(pool.map(work, range(10)))
