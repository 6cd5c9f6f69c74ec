"""What the gateway's processes and this machine use of what there is."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from core.supervisord import Control, SupervisionError

SUPERVISORD_SECONDS = 1.0


@dataclass(frozen=True)
class ProcessUse:
    """One process with its children; the numbers are None where it does not run.

    `cpu_percent` is of one core, since the last look of this process, at first since its start.
    """

    name: str
    state: str
    """supervisord's word, such as RUNNING or BACKOFF; "running" where nobody supervises."""
    pid: int = 0
    children: int = 0
    cpu_percent: float | None = None
    memory: int | None = None
    """Bytes in memory; what children share with it is counted for each."""
    started: datetime | None = None

    @property
    def runs(self) -> bool:
        """Whether it does."""
        return self.memory is not None


@dataclass(frozen=True)
class Processes:
    """The processes that are known, and whether they are all of a stack."""

    supervised: bool
    members: Sequence[ProcessUse]


@dataclass(frozen=True)
class MachineUse:
    """Memory, load and disk of this machine; sizes in bytes."""

    memory_total: int
    memory_used: int
    load: float
    """Processes that wanted to run, on average over a minute."""
    cores: int
    disk_total: int
    disk_free: int
    """What is left for the gateway's user on the disk of its data folder."""


_seen: dict[tuple[int, float], tuple[float, float]] = {}
_seen_lock = threading.Lock()


def processes(data: Path) -> Processes:
    """Give the processes that the supervisord of a data folder keeps running.

    Where there is none, the gateway runs by itself, and knows of its own processes alone.
    """
    try:
        infos = Control(data, SUPERVISORD_SECONDS).infos()
    except (SupervisionError, OSError):
        parent = psutil.Process().parent()
        whole = parent if parent is not None and _is_gunicorn(parent) else psutil.Process()
        return Processes(supervised=False, members=[_use("gateway", "running", whole.pid)])
    members = [_use(info.name, info.state, info.pid) for info in infos.values()]
    return Processes(supervised=True, members=members)


def _is_gunicorn(process: psutil.Process) -> bool:
    try:
        return any("gunicorn" in part for part in process.cmdline())
    except psutil.Error:
        return False


def _use(name: str, state: str, pid: int) -> ProcessUse:
    if not pid:
        return ProcessUse(name, state)
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        started = process.create_time()
    except psutil.Error:
        return ProcessUse(name, state)
    cpu = memory = 0.0
    for member in family:
        try:
            with member.oneshot():
                times = member.cpu_times()
                cpu += _percent(member.pid, member.create_time(), times.user + times.system)
                memory += member.memory_info().rss
        except psutil.Error:
            continue  # It ended while it was looked at.
    return ProcessUse(
        name, state, pid, len(family) - 1, cpu, int(memory), datetime.fromtimestamp(started, UTC)
    )


def _percent(pid: int, started: float, spent: float) -> float:
    """Give the share of a core that was used since the last look, or since the start."""
    moment = time.time()
    with _seen_lock:
        before = _seen.get((pid, started), (started, 0.0))
        _seen[pid, started] = (moment, spent)
    return 100 * (spent - before[1]) / max(moment - before[0], 0.001)


def machine(data: Path) -> MachineUse:
    """Give what this machine has, and what of it is used."""
    memory = psutil.virtual_memory()
    while not data.exists():
        data = data.parent
    disk = os.statvfs(data)
    return MachineUse(
        memory_total=memory.total,
        memory_used=memory.total - memory.available,
        load=os.getloadavg()[0],
        cores=psutil.cpu_count() or 1,
        disk_total=disk.f_blocks * disk.f_frsize,
        disk_free=disk.f_bavail * disk.f_frsize,
    )
