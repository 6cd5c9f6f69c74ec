"""Programs that run while something is measured, and what they cost."""

from __future__ import annotations

import subprocess
import time
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

TIMEOUT = 60


@dataclass(frozen=True)
class Server:
    """A server that listens on a port, with the process that its children come from."""

    port: int
    process: psutil.Process

    def family(self) -> list[psutil.Process]:
        """Give all its processes."""
        return [self.process, *self.process.children(recursive=True)]

    def cpu(self) -> float:
        """Give the seconds of CPU that its processes have used."""
        return sum(sum(one.cpu_times()[:2]) for one in self.family())

    def memory(self) -> float:
        """Give the megabytes that its processes hold, what they share counted once (PSS)."""
        return sum(one.memory_full_info().pss for one in self.family()) / 1_000_000


@contextmanager
def running(
    command: Sequence[str], env: Mapping[str, str], folder: Path
) -> Generator[subprocess.Popen[bytes]]:
    """Run a program inside the block."""
    process = subprocess.Popen(  # noqa: S603 - our own programs
        command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(TIMEOUT)


def await_answer(url: str) -> None:
    """Wait until a server answers."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own servers
                return
        except OSError:
            time.sleep(0.05)
    message = f"{url} did not answer within {TIMEOUT} s"
    raise TimeoutError(message)
