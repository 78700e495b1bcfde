def raises(): yield 1; raise KeyError  # cov[3.14-]: 1/2


def fails(): yield 1; int("z")  # cov[3.14-]: 1/2


def stops(): yield 1; raise StopIteration  # cov[3.14-]: 1/2


def is_thrown_into(): yield 1  # cov: 1/2


def never_begins(): yield 1  # cov: 1/2


def is_closed(): yield 1  # cov: 1/2


for make in (raises, fails, stops):
    try:
        list(make())
    except Exception:
        x = 1
waiting = is_thrown_into()
next(waiting)
for generator in (waiting, never_begins()):
    try:
        generator.throw(KeyError)
    except KeyError:
        x = 2
generator = is_closed()
next(generator)
generator.close()
