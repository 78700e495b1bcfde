"""Maintenance from a shell: ``python -m xy.admin compact``."""

import argparse
import sys

from xy.config import ConfigError, Settings
from xy.store import Store


def compact(store, arguments):
    store.compact()
    return 0


def dump(store, arguments):
    for point in store.all(tag=arguments.tag):
        print(point)
    return 0


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="xy.admin")
    verbs = parser.add_subparsers(required=True)
    verbs.add_parser("compact").set_defaults(run=compact)
    listing = verbs.add_parser("dump")
    listing.add_argument("--tag")
    listing.set_defaults(run=dump)
    arguments = parser.parse_args(arguments)
    try:
        settings = Settings.from_environment()
    except ConfigError as error:
        print(f"xy.admin: {error}", file=sys.stderr)
        return 2
    return arguments.run(Store(settings.database), arguments)


if __name__ == "__main__":
    sys.exit(main())
