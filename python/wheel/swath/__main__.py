"""`python -m swath` is the command `swath`."""

import os
import sys

from swath import find_swath

if __name__ == "__main__":
    program = find_swath()
    os.execv(program, [program] + sys.argv[1:])
