for x in [
    1,
    2,
]:
    y = x
for (
    x
) in (1, 2):
    y = x
