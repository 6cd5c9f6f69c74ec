"""What counting costs: a request, a task, a call; and what Prometheus' question costs after months.

The peer is the library's own way for several processes, a file for each process id.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.tables import Spread, Table

PAIRS = 5
EVENTS = 20_000
REPLACED = 200
"""Children that ended and were replaced: a busy worker's in a few days."""

ROUTES = 10
"""Routes, tasks and calls that each child counts before it ends."""

QUESTION = f"the question of Prometheus, after {REPLACED} children"
FILES = "files"
UNITS = {QUESTION: "ms", FILES: ""}


def measure() -> Table:
    """Measure both ways in turn, each time in a process of its own."""
    ours: list[dict[str, float]] = []
    theirs: list[dict[str, float]] = []
    for _ in range(PAIRS):
        ours.append(_run("ours"))
        theirs.append(_run("library"))
    rows = []
    for what in ours[0]:
        pairs = [(a[what], b[what]) for a, b in zip(ours, theirs, strict=True)]
        digits = 0 if what == FILES else 1
        rows.append(
            [
                f"{what} ({unit})" if (unit := UNITS.get(what, "us")) else what,
                Spread([a for a, _ in pairs], digits),
                Spread([b for _, b in pairs], digits),
                Spread([a / b for a, b in pairs], 2),
            ]
        )
    return Table(
        f"Processor time to count one event, and to answer one question for all that {REPLACED} "
        f"replaced children counted of {ROUTES} routes, tasks and calls each. {PAIRS} paired runs; "
        "median (least to most).",
        ("what", "ours", "prometheus_client's own files", "ratio"),
        rows,
    )


def _run(way: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "IGW_DATA_DIR": folder, "IGW_ENV_FILE": "none"}
        if way == "library":
            environment["PROMETHEUS_MULTIPROC_DIR"] = folder
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "bench.counting", way],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return json.loads(done.stdout)


def _measured(way: str) -> dict[str, float]:
    # Here, because the library decides at its import where it counts.
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

    from core.metrics import files  # noqa: PLC0415
    from core.settings import get_settings  # noqa: PLC0415

    folder = Path(os.environ["IGW_DATA_DIR"])
    if way == "ours":
        files.count_in_files(get_settings(), "bench")

    def child() -> None:
        if way == "ours":
            files.take_place("0")
        for number in range(ROUTES):
            for event in _events(str(number)).values():
                event()

    def ask() -> None:
        if way == "ours":
            files.counted(get_settings())
        else:
            MultiProcessCollector.merge([str(file) for file in folder.glob("*.db")])

    for _ in range(REPLACED):
        _forked(child)
    answer = folder / "asked"
    # In a child: the process that counts must not look at its own lock.
    _forked(lambda: answer.write_text(str(_micros(ask, 10) / 1000)))
    there = float(len(list(folder.rglob("*.db"))))
    taken = {what: _micros(event, EVENTS) for what, event in _events("a").items()}
    return {**taken, QUESTION: float(answer.read_text()), FILES: there}


def _events(name: str) -> dict[str, Callable[[], None]]:
    from core.metrics import counters  # noqa: PLC0415 - as above

    def request() -> None:
        counters.count_request(f"/{name}", "POST", 202, 0.003)

    def webhook() -> None:
        request()
        counters.count_webhook("jira", "accepted")

    def task() -> None:
        counters.announce_task(name)
        counters.count_task(name, "succeeded", 0.1)

    def call() -> None:
        counters.count_call("jira", name, effect="read", status=200, seconds=0.1, waited=0.0)

    return {
        "a request": request,
        "a webhook, its request included": webhook,
        "a run of a task": task,
        "a call to a vendor": call,
    }


def _forked(step: Callable[[], object]) -> None:
    pid = os.fork()
    if pid == 0:
        step()
        os._exit(0)
    os.waitpid(pid, 0)


def _micros(step: Callable[[], None], times: int) -> float:
    step()
    before = time.process_time()
    for _ in range(times):
        step()
    return (time.process_time() - before) / times * 1e6


if __name__ == "__main__":
    print(json.dumps(_measured(sys.argv[1])))
