"""What was changed, written down by a thread so that no request waits for it."""

import os
import threading
from queue import Queue

from xy.logs import logger


class Journal:
    def __init__(self, store):
        self.store = store
        self._lock = threading.Lock()
        self._queue = None
        self._process = None

    def record(self, event, point):
        with self._lock:
            # A thread does not survive a fork: with --preload each worker starts its own.
            if self._process != os.getpid():
                self._start()
        self._queue.put((event, point))

    def _start(self):
        self._queue = Queue()
        self._process = os.getpid()
        threading.Thread(target=self._write, name="journal", daemon=True).start()

    def _write(self):
        logger.info("the journal is open")
        while True:
            event, point = self._queue.get()
            try:
                self.store.write_journal(event, point, self._process)
            except Exception:
                # The next event may fare better; the change itself has been stored.
                logger.exception("event %s of %s is lost", event, point)
