"""Pattern B: a question over HTTP and its answer, beside Celery's own way to wait for a result."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from http.client import HTTPConnection

from bench.stack import UNLIMITED, Measured, running_stack
from bench.tables import Spread, Table
from bench.vendor_calls import PROJECT
from core.settings import ROOT

ASKED = 200
RUNS = 5


def measure() -> Table:
    """Compare runs in turn: two commands over HTTP, and `AsyncResult.get` of a task."""
    with running_stack(**UNLIMITED) as stack:
        headers = {"Authorization": f"Bearer {_key(stack)}", "Content-Type": "application/json"}
        record = stack.rows("SELECT source_id FROM links LIMIT 1")[0][0]

        def list_fields() -> None:
            _ask(stack, headers, "list_fields", project=PROJECT, issue_type="Task")

        def look_up() -> None:
            _ask(stack, headers, "look_up", record=record)

        for ask in (list_fields, look_up):
            _times(ask, 20)
        runs = [
            (_times(list_fields, ASKED), _times(look_up, ASKED), _peer(stack)) for _ in range(RUNS)
        ]
    kept, read, theirs = zip(*runs, strict=True)
    return Table(
        f"A question, a worker's answer, and back; {ASKED} one after the other, {RUNS} runs of "
        "each in turn. The peer is a Celery task that returns a constant, with the Redis result "
        "backend and `AsyncResult.get`, without HTTP, without a row. Median (least to most).",
        ("", "p50 ms", "p99 ms"),
        [
            ("ours, `list_fields`: HTTP, two rows, broker, worker, signal", *_percentiles(kept)),
            ("ours, `look_up`: the same, and a read of the sandbox's Jira", *_percentiles(read)),
            ("peer: broker, worker, AsyncResult.get", *_percentiles(theirs)),
        ],
    )


def _ask(stack: Measured, headers: Mapping[str, str], command: str, **arguments: str) -> None:
    # Each on a connection of its own, as a caller behind a proxy has it.
    connection = HTTPConnection("127.0.0.1", stack.ports["gateway"], timeout=30)
    with closing(connection):
        connection.request("POST", f"/commands/pf_jira/{command}", json.dumps(arguments), headers)
        answer = connection.getresponse()
        answer.read()
    if answer.status != 200:  # noqa: PLR2004 - anything else is no answer
        message = f"the command was answered with {answer.status}"
        raise RuntimeError(message)


def _key(stack: Measured) -> str:
    said = stack.igw("keys", "create", "bench", "--role", "viewer").stdout
    found = re.search(r"igw_[A-Za-z0-9_-]{43}", said)
    if found is None:
        message = f"no key was made: {said}"
        raise RuntimeError(message)
    return found[0]


def _times(ask: Callable[[], None], count: int) -> list[float]:
    taken = []
    for _ in range(count):
        before = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - before) * 1000)
    return taken


def _peer(stack: Measured) -> list[float]:
    """Run the peer's worker and its caller, on the same Redis."""
    command = [sys.executable, "-m", "bench.peers.results", stack.redis_url, str(ASKED)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)  # noqa: S603
    return json.loads(answer.stdout)


def _percentiles(runs: tuple[list[float], ...]) -> tuple[Spread, Spread]:
    return (
        Spread([statistics.median(run) for run in runs], 1),
        Spread([statistics.quantiles(run, n=100)[-1] for run in runs], 1),
    )
