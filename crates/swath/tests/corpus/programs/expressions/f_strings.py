x = 1
y = f"{x} {x!r:>10} {x + 1}"
y = f"""{
    x
} and {
    x}"""
y = (
    f"{x}"
    f"{y}"
)
