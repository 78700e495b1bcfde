"""The docstring."""
"another text"
x = 1
