def make():
    calls = []

    def call():
        calls.append(1)
        if len(calls) > 1:
            return True
        return False

    return call


call = make()
call()
call()
