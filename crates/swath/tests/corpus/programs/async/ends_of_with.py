class Manager:
    def __init__(self, error=None):
        self.error = error

    async def __aenter__(self):
        pass

    async def __aexit__(self, *args):
        await Pause()
        if self.error:  # cov: 1/2
            raise self.error  # cov: miss


class Pause:
    def __await__(self):
        yield


async def over_a_loop(manager, items):
    async with manager:
        for x in items:  # cov: 1/2
            if x:  # cov: miss
                y = x  # cov: miss


async def over_a_choice(manager, x):
    async with manager:
        if x:  # cov: 1/2
            y = x  # cov: miss  # cov[3.10-3.11]: hit
    return 1


def run(coroutine):
    try:
        while True:  # cov[3.8-3.9]: none
            coroutine.send(None)
    except (StopIteration, ValueError):
        pass


run(over_a_loop(Manager(), []))
run(over_a_choice(Manager(), False))
