"""What Flask and gunicorn leave for a receiver's own work, beside the same peer as `ingest`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from bench.gateway import SECRET, running_gateway
from bench.peer import running_peer
from bench.processes import Server, await_answer, running
from bench.senders import Load, Order, Sent
from bench.tables import Spread, Table
from core.settings import ROOT
from tests.support.stack import free_ports

CONNECTIONS = (1, 16, 64)
SIZE = 2_000
SECONDS = 3.0
RUNS = 5
NAMES = ("Flask, nothing kept", "Flask, one insert each", "ours")


def measure() -> Table:
    """Compare runs in turn: a bare Flask app, the same with a commit each, ours, and the peer."""
    with ExitStack() as stack:
        file = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "events.db"
        servers = [
            stack.enter_context(one)
            for one in (_bare(), _bare(file), running_gateway(), running_peer())
        ]
        for server in servers:
            Load(Order(server.port, 8, seconds=2)).result()
        rows = [row for connections in CONNECTIONS for row in _rows(servers, connections)]
    return Table(
        f"Webhooks of {SIZE // 1000} kB accepted in a second by two processes: a Flask app under "
        "gunicorn that checks and parses, the same with one insert into SQLite by the driver "
        "alone, and ours, which counts, logs, publishes and knows repeated ones as well. Against "
        f"the peer of `ingest`, which keeps nothing on disk. {RUNS} runs of each in turn, of "
        f"{SECONDS:.0f} s; median (least to most).",
        ("connections", "what", "per second", "against the peer", "p99 ms"),
        rows,
    )


def _rows(servers: list[Server], connections: int) -> list[list[object]]:
    runs = [[_run(server, connections) for server in servers] for _ in range(RUNS)]
    return [
        [
            connections,
            name,
            Spread([run[at].rate for run in runs]),
            Spread([run[at].rate / run[-1].rate for run in runs], 2),
            Spread([run[at].percentile(0.99) for run in runs], 1),
        ]
        for at, name in enumerate(NAMES)
    ]


def _run(server: Server, connections: int) -> Sent:
    return Load(Order(server.port, connections, SECONDS, size=SIZE)).result()


@contextmanager
def _bare(database: Path | str = "") -> Generator[Server]:
    [port] = free_ports(1)
    env = {**os.environ, "PEER_SECRET": SECRET, "BARE_DATABASE": str(database)}
    command = [
        sys.executable, "-m", "gunicorn", "bench.peers.bare:app",
        "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "32",
    ]  # fmt: skip
    with running(command, env, ROOT) as process:
        await_answer(f"http://127.0.0.1:{port}/healthz")
        yield Server(port, psutil.Process(process.pid))
