if -1:
    async def f(
        y=2):
        pass
    match (x,
      y):
        case None:
            pass
else:
    [a for a in b]
