"""The store: points and journal in SQLite, shared by all workers and threads."""

import sqlite3
from contextlib import contextmanager

from xy import schema
from xy.errors import Conflict, NotFound
from xy.logs import logger
from xy.point import Point

# Longer than any write lasts: workers queue up for the one write lock.
TIMEOUT = 30


class Store:
    def __init__(self, path):
        self.path = path

    def prepare(self):
        """Makes or updates the tables. Every worker asks for it, the first one does it."""
        with self._writing() as connection:
            steps = schema.migrate(connection)
        if steps:
            logger.info("database %s: %d migrations", self.path, steps)

    def add(self, point):
        try:
            with self._writing() as connection:
                connection.execute("INSERT INTO point VALUES (?, ?, ?)", _row(point))
                _add_tags(connection, point)
        except sqlite3.IntegrityError:
            raise Conflict("the name is taken", name=point.name) from None

    def replace(self, point):
        """Stores the point in place of the one with its name; says whether there was one."""
        with self._writing() as connection:
            known = _delete(connection, point.name)
            connection.execute("INSERT INTO point VALUES (?, ?, ?)", _row(point))
            _add_tags(connection, point)
        return known

    def remove(self, name):
        with self._writing() as connection:
            if not _delete(connection, name):
                raise NotFound("there is no such point", name=name)

    def get(self, name):
        for point in self._select("WHERE name = ?", (name,)):
            return point
        raise NotFound("there is no such point", name=name)

    def all(self, tag=None):
        if tag is None:
            return self._select("ORDER BY name", ())
        return self._select(
            "WHERE name IN (SELECT point FROM tag WHERE tag = ?) ORDER BY name",
            (tag,),
        )

    def write_journal(self, event, point, worker):
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO journal (event, point, worker) VALUES (?, ?, ?)",
                (event, point, worker),
            )

    def read_journal(self, point):
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT number, event FROM journal WHERE point = ? ORDER BY number",
                (point,),
            )
            return [{"number": number, "event": event} for number, event in rows]

    def compact(self):
        """Gives free pages back to the file system; for maintenance windows."""
        connection = sqlite3.connect(self.path, timeout=TIMEOUT)
        try:
            connection.execute("VACUUM")
        finally:
            connection.close()

    def _select(self, clause, values):
        with self._reading() as connection:
            rows = connection.execute(f"SELECT name, x, y FROM point {clause}", values).fetchall()
            return [Point(name, x, y, _tags(connection, name)) for name, x, y in rows]

    @contextmanager
    def _reading(self):
        connection = sqlite3.connect(self.path, timeout=TIMEOUT, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def _writing(self):
        with self._reading() as connection:
            # The lock is taken at once: one that is upgraded later could not wait for its turn.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def _row(point):
    return point.name, point.x, point.y


def _add_tags(connection, point):
    connection.executemany(
        "INSERT INTO tag VALUES (?, ?, ?)",
        [(point.name, place, tag) for place, tag in enumerate(point.tags)],
    )


def _tags(connection, name):
    rows = connection.execute("SELECT tag FROM tag WHERE point = ? ORDER BY place", (name,))
    return tuple(tag for (tag,) in rows)


def _delete(connection, name):
    connection.execute("DELETE FROM tag WHERE point = ?", (name,))
    return connection.execute("DELETE FROM point WHERE name = ?", (name,)).rowcount > 0
