"""The module's
docstring."""

x = 1
