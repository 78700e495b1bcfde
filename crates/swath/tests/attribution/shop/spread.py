"""What the shop has its pools of processes and threads run."""


def add(number):
    total = 0
    for step in range(number % 5):
        if step == 2:
            continue
        if step == 3:
            break
        total += step
    else:
        total += 10
    return total


def share(number):
    if number % 3 == 0:
        raise ValueError(number)
    elif number % 2:
        return 1
    return number


def steps(number):
    while number > 10:
        number -= 7
        if number == 9:
            return "nine"
    return "none"


def in_thread(number):
    if number % 4:
        return "thread"
    return "fourth"


def tell(future, told):
    if future.result() > 5:
        told.is_large = True
    told.set()


class Piece:
    """Is unpickled where the task runs."""

    def __init__(self, number):
        self.number = number

    def __setstate__(self, state):
        self.number = state["number"]
        if self.number % 2:
            self.is_odd = True


def weigh(piece):
    return piece.number
