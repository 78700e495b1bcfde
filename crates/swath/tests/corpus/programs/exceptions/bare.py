try:
    raise ValueError
except:
    x = 1
y = x
