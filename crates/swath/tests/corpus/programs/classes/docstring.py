class Box:
    """One line."""


class Other:
    """Several
    lines.
    """

    x = 1
