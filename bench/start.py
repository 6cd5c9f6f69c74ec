"""How soon what people and supervisors start is there, beside Celery's own commands."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from celery import Celery

from bench.gateway import redis_command
from bench.processes import running
from bench.stack import wait_until
from bench.tables import Spread, Table
from core.redis_client import NAMESPACE
from core.settings import ROOT
from tests.support.stack import free_ports

RUNS = 7
WORKER = ("--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "ERROR")

CELERY = ("-m", "celery")
PEER = "bench.peers.results:app"

Pair = tuple[Callable[[], float], Callable[[], float]]


def measure() -> Table:
    """Compare pairs of starts, each in a fresh process."""
    with _place() as (env, redis_url):
        pairs: dict[str, Pair] = {
            "`igw --help` : `celery --help`": (
                lambda: _ends(["-m", "cli.main", "--help"], env),
                lambda: _ends([*CELERY, "--help"], env),
            ),
            "`igw status` : `celery inspect ping`, with nobody there": (
                lambda: _ends(["-m", "cli.main", "status"], env),
                lambda: _ends(
                    ["-m", "celery", "-b", redis_url, "inspect", "-t", "0.1", "ping"], env
                ),
            ),
            "worker of pf_jira : worker of one task, until it answers": (
                lambda: _answers(["-A", "tasks"], "pf_jira", NAMESPACE, env),
                lambda: _answers(["-A", PEER, "-b", redis_url], "peer", "", env),
            ),
        }
        rows = [_row(what, *pair) for what, pair in pairs.items()]
    return Table(
        f"Seconds from the start of a process to its end, or to a worker's answer to Celery's "
        f"ping. {RUNS} pairs; median (least to most).",
        ("ours : peer", "ours", "peer", "ratio"),
        rows,
    )


def _row(what: str, ours: Callable[[], float], theirs: Callable[[], float]) -> Sequence[object]:
    ours(), theirs()  # What is read from the disk is in memory afterwards.
    taken = [(ours(), theirs()) for _ in range(RUNS)]
    return (
        what,
        Spread([our for our, _ in taken], 2),
        Spread([their for _, their in taken], 2),
        Spread([our / their for our, their in taken], 2),
    )


@contextmanager
def _place() -> Generator[tuple[Mapping[str, str], str]]:
    """Give the settings of an empty gateway with a Redis of its own, and that one's URL."""
    [port] = free_ports(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = {
            **os.environ,
            "IGW_DATA_DIR": str(folder / "data"),
            "IGW_ENV_FILE": str(folder / "no.env"),
            "IGW_REDIS_PORT": str(port),
        }
        with running(redis_command(port), env, folder):
            _ends(["-m", "cli.main", "migrate"], env)
            yield env, _redis_url(port)


def _redis_url(port: int) -> str:
    """Give the URL of what is the gateway's broker without further settings."""
    return f"redis://127.0.0.1:{port}/1"


def _ends(command: Sequence[str], env: Mapping[str, str]) -> float:
    began = time.monotonic()
    # What `igw status` finds is that nobody is there, and it says so by its exit code.
    subprocess.run([sys.executable, *command], cwd=ROOT, env=env, capture_output=True)  # noqa: S603, PLW1510
    return time.monotonic() - began


def _answers(app: Sequence[str], queue: str, prefix: str, env: Mapping[str, str]) -> float:
    """Start a worker, and give how long it takes until its first answer."""
    url = _redis_url(int(env["IGW_REDIS_PORT"]))
    keys = {"global_keyprefix": prefix}
    asking = Celery(broker=url, set_as_current=False, broker_transport_options=keys)
    command = [sys.executable, *CELERY, *app, "worker", "--queues", queue, *WORKER]
    began = time.monotonic()
    with running(command, env, ROOT):
        wait_until(lambda: asking.control.broadcast("ping", reply=True, timeout=0.1, limit=1), 60)
        return time.monotonic() - began
