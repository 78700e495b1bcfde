"""Module docstring."""
match (x,
  y):
    case C(a=1) if ():
        x = (yy for yy in
             z)
