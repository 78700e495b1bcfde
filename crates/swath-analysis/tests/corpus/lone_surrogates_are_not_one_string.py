def test_strings(self):
    if 0:
        assert '\ud800\udc02'

        def dead():
            pass

    assert '\ud800\udc02' < '\ud84d\udc56'
