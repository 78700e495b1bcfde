"""The development server: ``python -m xy [PORT]``."""

import sys

from xy import app


def main(arguments):
    if len(arguments) > 1:
        print("usage: python -m xy [PORT]", file=sys.stderr)
        return 2
    port = int(arguments[0]) if arguments else 8000
    app().run(host="127.0.0.1", port=port, debug=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
