"""Where accounts and their objects live: in memory, written through to SQLite when asked."""

import sqlite3

from sandbox import jsonx


class Store:
    """A shelf of JSON documents, each under (kind, owner, key), in the order of first writing.

    Without a file nothing is kept: every ``put`` is free and ``all`` is empty.
    """

    def __init__(self, path=None):
        """:param path: file to write to; None keeps everything in memory only"""
        self._db = None
        if path:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = OFF")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS document (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
                " owner TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL,"
                " UNIQUE (kind, owner, key))"
            )

    def put(self, kind, owner, key, document):
        """Write one document; a second write under the same names replaces the first."""
        if self._db:
            self._db.execute(
                "INSERT INTO document (kind, owner, key, body) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (kind, owner, key) DO UPDATE SET body = excluded.body",
                (kind, owner, key, jsonx.dumps(document)),
            )

    def delete(self, kind, owner, key):
        """Forget one document."""
        if self._db:
            self._db.execute(
                "DELETE FROM document WHERE kind = ? AND owner = ? AND key = ?", (kind, owner, key)
            )

    def drop_owner(self, owner):
        """Forget everything of one owner."""
        if self._db:
            self._db.execute("DELETE FROM document WHERE owner = ?", (owner,))

    def all(self, kind, owner):
        """Return the documents of a kind and owner, oldest first."""
        if not self._db:
            return []
        rows = self._db.execute(
            "SELECT body FROM document WHERE kind = ? AND owner = ? ORDER BY seq", (kind, owner)
        )
        return [jsonx.loads(body) for (body,) in rows]

    def close(self):
        """Close the file, if there is one."""
        if self._db:
            self._db.close()
            self._db = None
