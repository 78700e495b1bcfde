"""Log lines on standard error, one for each request."""

import logging
import sys

logger = logging.getLogger("xy")

FORMAT = "%(asctime)s %(process)d %(threadName)s %(levelname)s %(message)s"


def configure(level):
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter(FORMAT))
        logger.addHandler(handler)
        logger.propagate = False
    logger.setLevel(level)
