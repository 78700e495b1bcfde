x = 1_000 + 0x10 + 0b1 + 0o7 + 1e3 + 1j
y = -1
z = not x
w = ~1
