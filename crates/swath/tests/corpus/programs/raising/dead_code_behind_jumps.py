def raising():
    raise KeyError


def fine():
    return 1


def clause_not_taken(error):
    try:
        raise error
    except KeyError: return 1; x = 1
    except ValueError:
        return 2


def suite_left_by_raising(call):
    try: return call(); x = 1  # cov[3.9-]: 0/2
    except KeyError:
        y = 2
    return y


def loop_left_by_raising(call):
    for x in [1, 2]:
        try:
            for y in [1, 2]:  # cov[3.9-]: 1/2
                call(); break; x = 1  # cov[3.9-]: 0/2
            y = 2  # cov: miss
        except KeyError:
            y = 3
    return y


def goes_on_by_raising(call):
    for x in [1, 2]:
        try:
            call(); continue; y = 1
        except KeyError:
            y = 3
    return y


def over_lines(call):
    try: return call(  # cov[3.9-]: 0/2
    ); x = 1
    except KeyError:
        y = 2
    return y


def raises_at_once(call):
    try:
        call(); raise ValueError; x = 1  # cov[3.9-]: 1/2
    except KeyError:
        y = 2
    except ValueError:  # cov: miss
        y = 3  # cov: miss
    return y


def taken(call):
    try: return call(); x = 1  # cov[3.9-]: 1/2
    except KeyError:  # cov: miss
        y = 2  # cov: miss
    return y  # cov: miss


try:
    clause_not_taken(ValueError)
    taken(fine)
    for function in [suite_left_by_raising, loop_left_by_raising, goes_on_by_raising, over_lines, raises_at_once]:
        function(raising)
except NameError: pass  # cov: miss
