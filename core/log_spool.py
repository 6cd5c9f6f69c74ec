"""Events that a process could not ship before it ended, on the disk for whoever comes after it."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

SUFFIX = ".clef"


class Spool:
    """A folder with a file for each process that left something behind.

    Whoever reads a file holds a lock on it, which the system lets go of when the reader dies; the
    file is removed once everything in it was shipped.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    def leave(self, events: Sequence[bytes]) -> int:
        """Write events down, as many as there is room for, and give how many those were."""
        self._folder.mkdir(parents=True, exist_ok=True)
        room = self._most_bytes - sum(file.stat().st_size for file in self._files())
        kept: list[bytes] = []
        for event in reversed(events):
            room -= len(event) + 1
            if room < 0:
                break
            kept.append(event + b"\n")
        if kept:
            path = self._folder / f"{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
            half_written = path.with_suffix(".part")
            half_written.touch(mode=0o600)
            half_written.write_bytes(b"".join(reversed(kept)))
            half_written.rename(path)
        return len(kept)

    @contextmanager
    def found(self) -> Generator[list[bytes]]:
        """Give the events of one file; without an error in the block, it is removed.

        Empty where there is no file that nobody else reads.
        """
        for path in self._files():
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            with os.fdopen(descriptor, "rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                if os.fstat(file.fileno()).st_nlink == 0:
                    continue  # Shipped by somebody else between opening and locking.
                yield file.read().splitlines()
                path.unlink(missing_ok=True)
                return
        yield []

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{SUFFIX}"))
