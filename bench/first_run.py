"""The first run of `igw up` on an empty data folder: how soon it works, and how large it is."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import psutil
import requests

from bench.stack import SEEDED_TASKS, wait_until
from bench.tables import Table
from tests.support.stack import Stack
from tests.support.vendors import JiraControl, PeopleForceControl

REST_SECONDS = 300
TIMEOUT = 120


def measure() -> Table:
    """Start the stack with the sandbox, wait for the 150 issues, and weigh it at rest."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder))
        try:
            return Table(
                "`igw up` on an empty folder, with the sandbox; then five minutes in which nobody "
                "changes anything. Memory is proportional (PSS): what is shared is counted once.",
                ("", "figure"),
                _rows(stack),
            )
        finally:
            stack.destroy()


def _rows(stack: Stack) -> list[tuple[str, object]]:
    jira = JiraControl(stack.url("sandbox_jira"))
    people = PeopleForceControl(stack.url("sandbox_peopleforce"))
    began = time.monotonic()
    stack.launch()
    wait_until(lambda: _answers(f"{stack.url('gateway')}/healthz"), TIMEOUT)
    answered = time.monotonic() - began
    wait_until(lambda: _synced(jira) >= SEEDED_TASKS, TIMEOUT)
    synced = time.monotonic() - began
    calls = people.calls(), jira.calls()
    time.sleep(10)
    processes = [stack.up, *stack.up.children(recursive=True)]
    cpu = _cpu(processes)
    people.forget_calls()
    jira.forget_calls()
    time.sleep(REST_SECONDS)
    used = (_cpu(processes) - cpu) / REST_SECONDS * 100
    return [
        ("gateway answers after", f"{answered:.1f} s"),
        (f"{SEEDED_TASKS} tasks are issues after", f"{synced:.1f} s"),
        ("calls to PeopleForce and to Jira for that", f"{calls[0]} and {calls[1]}"),
        ("calls of the five minutes at rest", f"{people.calls()} and {jira.calls()}"),
        ("CPU at rest", f"{used:.1f} % of one core"),
        ("processes", len(processes)),
        ("memory of all", f"{sum(map(_memory, processes)):.0f} MB"),
        *(
            (f"of it {_name(process)}", f"{_memory(process):.0f} MB")
            for process in sorted(processes, key=_memory, reverse=True)
        ),
    ]


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False


def _synced(jira: JiraControl) -> int:
    try:
        return len(jira.issues())
    except requests.RequestException:
        return 0


def _memory(process: psutil.Process) -> float:
    return process.memory_full_info().pss / 1_000_000


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def _name(process: psutil.Process) -> str:
    words = [Path(word).name for word in process.cmdline() if word not in {"-m", sys.executable}]
    return " ".join(words)[:60] or process.name()
