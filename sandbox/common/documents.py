"""Keep a stand-in's records on disk, so that a restarted sandbox continues where it stopped."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any


class Documents:
    """A store of JSON documents by kind and key, written through to SQLite.

    The stand-ins keep their state in plain dictionaries and repeat each change here before they
    answer, so what a client was told is also what a restart finds. `path` None keeps everything
    in memory, for tests.
    """

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            path if path is not None else ":memory:", check_same_thread=False, isolation_level=None
        )
        # A power cut may cost the last moments here; a killed process costs nothing.
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS documents ("
            " number INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL,"
            " value TEXT NOT NULL, UNIQUE (kind, key))"
        )

    def put(self, kind: str, key: str, value: dict[str, Any]) -> None:
        """Write one document, new or changed; it is on its way to the disk when this returns."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        with self._lock:
            self._connection.execute(
                "INSERT INTO documents (kind, key, value) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
                (kind, key, text),
            )

    def delete(self, kind: str, key: str) -> None:
        """Forget one document; one that is not there is no error."""
        with self._lock:
            self._connection.execute(
                "DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key)
            )

    def load(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return every document of a kind by key, in the order in which they were first put."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT key, value FROM documents WHERE kind = ? ORDER BY number", (kind,)
            ).fetchall()
        return {key: json.loads(value) for key, value in rows}

    def clear(self) -> None:
        """Forget everything, of every kind."""
        with self._lock:
            self._connection.execute("DELETE FROM documents")

    def close(self) -> None:
        """Release the file; the store cannot be used afterwards."""
        with self._lock:
            self._connection.close()
