"""The first run of `igw up` on an empty data folder: how soon it works, and how large it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import requests

from bench.ports import free_ports

SEEDED_TASKS = 150
REST_SECONDS = 60
TIMEOUT = 120


def measure() -> None:
    """Start the stack with the sandbox, wait for the 150 issues, and weigh it at rest."""
    with tempfile.TemporaryDirectory() as folder:
        ports = dict(zip(("GATEWAY", "FLOWER", "REDIS", "PF", "JIRA"), free_ports(5), strict=True))
        up = _start(Path(folder), ports)
        try:
            _report(up, ports)
        finally:
            up.send_signal(signal.SIGINT)
            up.wait(TIMEOUT)


def _start(folder: Path, ports: dict[str, int]) -> subprocess.Popen[bytes]:
    own = {
        "IGW_DATA_DIR": str(folder / "data"),
        "IGW_ENV_FILE": str(folder / "no.env"),
        "IGW_GATEWAY_PORT": ports["GATEWAY"],
        "IGW_FLOWER_PORT": ports["FLOWER"],
        "IGW_REDIS_PORT": ports["REDIS"],
        "IGW_SANDBOX_PEOPLEFORCE_PORT": ports["PF"],
        "IGW_SANDBOX_JIRA_PORT": ports["JIRA"],
    }
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", "up"],
        env={**os.environ, **{name: str(value) for name, value in own.items()}},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def _report(up: subprocess.Popen[bytes], ports: dict[str, int]) -> None:
    began = time.monotonic()
    jira, people = (f"http://127.0.0.1:{ports[name]}/_control" for name in ("JIRA", "PF"))
    _wait(lambda: requests.get(f"http://127.0.0.1:{ports['GATEWAY']}/healthz", timeout=1).ok)
    _say("gateway answers after", f"{time.monotonic() - began:.1f} s")
    _wait(lambda: _synced(jira) >= SEEDED_TASKS)
    _say(f"{SEEDED_TASKS} tasks are issues after", f"{time.monotonic() - began:.1f} s")
    for name, url in (("PeopleForce", people), ("Jira", jira)):
        calls = requests.get(f"{url}/calls", timeout=5).json()["total"]
        _say(f"calls to {name} for that", calls)
    time.sleep(5)
    processes = [psutil.Process(up.pid), *psutil.Process(up.pid).children(recursive=True)]
    cpu = _cpu(processes)
    time.sleep(REST_SECONDS)
    _say("processes", len(processes))
    _say("proportional memory (PSS)", f"{sum(map(_pss, processes)) / 2**20:.0f} MB")
    _say("CPU at rest", f"{(_cpu(processes) - cpu) / REST_SECONDS * 100:.1f} % of one core")
    for process in sorted(processes, key=_pss, reverse=True):
        _say(f"  {_name(process)}", f"{_pss(process) / 2**20:.0f} MB")


def _synced(jira: str) -> int:
    issues = requests.get(f"{jira}/issues", timeout=5).json()["issues"]
    return sum(issue["task_id"] is not None for issue in issues)


def _pss(process: psutil.Process) -> int:
    return process.memory_full_info().pss


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def _name(process: psutil.Process) -> str:
    words = [Path(word).name for word in process.cmdline() if word not in {"-m", sys.executable}]
    return " ".join(words)[:60] or process.name()


def _wait(condition) -> None:  # noqa: ANN001 - a function without arguments
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    message = f"not within {TIMEOUT} s"
    raise TimeoutError(message)


def _say(what: str, value: object) -> None:
    print(f"{what:<62} {value}")
