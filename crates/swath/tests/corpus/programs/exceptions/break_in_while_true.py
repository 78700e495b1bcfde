while True:
    try:
        x = 1
        break
    finally:
        y = 2
z = 1
