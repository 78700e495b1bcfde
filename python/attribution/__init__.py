# Tells swath's agent for whom code runs: a test, or a request that is served.


def start(agent):
    pass
