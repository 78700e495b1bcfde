try:
    try:
        pass
    finally:
        pass
except E:
    try:
        pass
    finally:
        assert 0
        lambda: 0
while f'a':
    pass
