def price(number):
    total = 0
    for step in range(number % 6):
        if step == 1:
            continue
        if step == 4:
            break
        total += step
    else:
        total += 100
    return discount(total, number)


def discount(total, number):
    if number % 2:
        return total
    elif number % 3:
        return total - 1
    try:
        return total // (number % 4)
    except ZeroDivisionError:
        return 0


def kind(number):
    return "even" if number % 2 == 0 else "odd"
