"""Rates of tax, in percent."""

RATES = {"AT": 20, "DE": 19}


def of(country):
    return RATES.get(country.upper())


def gross(cents, rate):
    tax, rest = divmod(cents * rate, 100)
    if rest >= 50:
        tax += 1
    return cents + tax
