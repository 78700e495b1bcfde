"""The database's tables, and how an older database becomes a current one."""

MIGRATIONS = (
    """
    CREATE TABLE point (
        name TEXT PRIMARY KEY,
        x REAL NOT NULL,
        y REAL NOT NULL
    );
    """,
    """
    CREATE TABLE tag (
        point TEXT NOT NULL REFERENCES point (name) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        tag TEXT NOT NULL,
        PRIMARY KEY (point, place)
    );
    CREATE INDEX tag_by_tag ON tag (tag);
    """,
    """
    CREATE TABLE journal (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        event TEXT NOT NULL,
        point TEXT NOT NULL,
        worker INTEGER NOT NULL
    );
    """,
)


def migrate(connection):
    """Brings the database up to date; the caller holds the write lock."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        for statement in script.split(";"):
            if statement.strip():
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
    return len(MIGRATIONS) - version
