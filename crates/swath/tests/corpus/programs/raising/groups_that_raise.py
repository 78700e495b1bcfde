# python: 3.11-
def fail(*kinds):
    if kinds:
        raise ExceptionGroup("some", [kind() for kind in kinds])


def jumps(*kinds):
    try:
        fail(*kinds)
    except* ValueError: raise OSError; x = 1  # cov: 1/2  # cov[3.14-]: 0/2
    return 1


def left(flag, *kinds):
    try:
        fail(*kinds)
    except* ValueError:
        if flag:  # cov: 1/2
            x = 1
    return 2


def raises(flag, *kinds):
    try:
        fail(*kinds)
    except* ValueError:
        if flag: raise OSError  # cov: 1/2
    return 3


def in_another(flag, *kinds):
    try:
        fail(*kinds)
    except* ValueError:
        try:
            fail(*kinds)
        except* ValueError:
            if flag:  # cov: 1/2
                x = 1
        x = 2
    return 4


def call(function, *arguments):
    try:
        function(*arguments)
    except BaseException:
        pass


call(jumps)
call(jumps, ValueError)
call(left, True, ValueError)
call(left, False, ValueError, KeyError)
call(raises, True, ValueError)
call(raises, False, ValueError, KeyError)
call(raises, False)
call(in_another, True, ValueError)
call(in_another, False, ValueError, KeyError)
