async def f():
    return 1  # cov: miss


f().close()
