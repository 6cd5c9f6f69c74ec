"""As little as a receiver on Flask can do: check, parse, answer, and keep the event if told to.

With `BARE_DATABASE` each event is committed to that SQLite file by the driver alone, one insert for
a request; without it nothing is kept. It publishes, counts and logs nothing, and knows no
repeated delivery by more than its id.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sqlite3
import threading

from flask import Flask, abort, request

SECRET = os.environ["PEER_SECRET"].encode()
DATABASE = os.environ.get("BARE_DATABASE", "")

app = Flask(__name__)
_local = threading.local()


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@app.post("/webhooks/jira")
def receive() -> tuple[dict[str, str], int]:
    """Check the signature, and keep the event."""
    body = request.get_data()
    expected = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(f"sha256={expected}", request.headers.get("X-Hub-Signature", "")):
        abort(401)
    json.loads(body)
    identifier = request.headers["X-Atlassian-Webhook-Identifier"]
    if DATABASE:
        _database().execute("INSERT OR IGNORE INTO events VALUES (?, ?)", (identifier, body))
    return {"accepted": identifier}, 202


def _database() -> sqlite3.Connection:
    if not hasattr(_local, "database"):
        # Each statement is a transaction of its own, on the disk before the next line.
        _local.database = sqlite3.connect(DATABASE, isolation_level=None, timeout=30)
        _local.database.execute("PRAGMA journal_mode=WAL")
        _local.database.execute("PRAGMA synchronous=FULL")
        _local.database.execute(
            "CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, body BLOB)"
        )
    return _local.database
