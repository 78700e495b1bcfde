try:
    raise
except E as e:
    try:

        assert 0
    finally:
        pass
    class C(B):
        pass
