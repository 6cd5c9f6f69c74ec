"""Where processes count, so that one of them can tell for all: files in memory, a few for each.

A service (the gateway, one worker) has a folder below `data/metrics/`, which it empties when it
starts, and each of its processes has a place in it. A process that takes over another's place goes
on with its numbers: there are never more files than places, however often children are replaced.
The library's own way, a file for each process id, would leave files behind for ever, and ids of
processes in different containers are the same.
"""

from __future__ import annotations

import fcntl
import logging
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from prometheus_client import values
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.samples import Sample

from core.metrics import counters
from core.settings import Settings

log = logging.getLogger(__name__)

SERVICE = "service"
"""Label that says whose numbers they are: each service begins anew when it is started again."""

SIZES = {"counter": 262_144, "histogram": 1_048_576}
"""Bytes of each file, taken from the disk at once: a write to mapped memory for which the disk has
no room left kills the process."""

MOST_OF_A_NAME = 20
"""Services of one name at a time; more of them do not count."""

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_MAIN = "main"
_HELD = "held"

_place = _MAIN
_lock: int | None = None


def count_in_files(settings: Settings, service: str) -> None:
    """Have this process and its children count where the gateway finds it.

    Call it once, in the process that the others are forked from, before anything is counted. Where
    the files cannot be made, as on a full disk, the service works and is not counted.
    """
    try:
        folder = _claim(settings.data_dir / "metrics", service)
        for file in folder.glob("*.db"):
            file.unlink()
        _reserve(folder, _MAIN)
    except OSError as error:
        _count_for_nobody(error)
        return
    # The library reads it whenever it opens a file.
    os.environ[_FOLDER] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: _place)


def take_place(place: str) -> None:
    """Count in this place from now on: for a process just forked, before it does anything.

    No two processes that run may have the same place.
    """
    global _place  # noqa: PLW0603 - which one of many a process is
    if _FOLDER not in os.environ:
        return
    try:
        _reserve(Path(os.environ[_FOLDER]), place)
    except OSError as error:
        _count_for_nobody(error)
    _place = place


def in_child() -> bool:
    """Say whether this process took a place of its own, as children do."""
    return _place != _MAIN


def free_place(taken: Iterable[str]) -> str:
    """Give the first place that none of the others has. Pure."""
    places = set(taken)
    return next(str(number) for number in range(len(places) + 1) if str(number) not in places)


def counted(settings: Settings) -> list[Metric]:
    """Give what all services that run have counted; a stopped one is not told of any more.

    Not for the process that called `count_in_files`: looking at its own lock would give it up.
    """
    found: dict[str, Metric] = {}
    for folder in sorted((settings.data_dir / "metrics").glob("*/")):
        # One that is started this moment has removed a file under our hands, and has no numbers.
        with suppress(FileNotFoundError):
            if _is_held(folder / _HELD):
                files = [str(file) for file in folder.glob("*.db")]
                _add(found, folder.name, MultiProcessCollector.merge(files))
    return list(found.values())


def _add(found: dict[str, Metric], service: str, families: Iterable[Metric]) -> None:
    for family in families:
        whole = found.setdefault(
            family.name, Metric(family.name, family.documentation, family.type)
        )
        whole.samples.extend(_labelled(family.samples, {SERVICE: service}))


def _labelled(samples: Iterable[Sample], labels: Mapping[str, str]) -> Iterator[Sample]:
    return (sample._replace(labels={**labels, **sample.labels}) for sample in samples)


def _claim(parent: Path, service: str) -> Path:
    """Make a folder that no other process that runs has, and keep it for as long as this one runs.

    Locks of this kind belong to one process: a child that outlives it does not keep them.
    """
    global _lock  # noqa: PLW0603 - closing the file would give up the lock
    for number in range(1, MOST_OF_A_NAME + 1):
        folder = parent / (service if number == 1 else f"{service}-{number}")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / _HELD, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            continue
        _lock = descriptor
        return folder
    raise OSError(f"{MOST_OF_A_NAME} services are called {service}")


# struct flock of Linux: type, whence, start, length, process.
_FLOCK = "hhqqi0q"


def _is_held(file: Path) -> bool:
    """Say whether somebody holds the lock, without touching it."""
    with suppress(OSError), file.open("rb") as stream:
        asked = struct.pack(_FLOCK, fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
        answer = fcntl.fcntl(stream, fcntl.F_GETLK, asked)
        return struct.unpack(_FLOCK, answer)[0] != fcntl.F_UNLCK
    return False


def _reserve(folder: Path, place: str) -> None:
    for kind, size in SIZES.items():
        file = folder / f"{kind}_{place}.db"
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
        finally:
            os.close(descriptor)


def _count_for_nobody(error: OSError) -> None:
    """Count in this process's own memory, where nobody looks; what is counted needs no room."""
    log.warning("not_counted", extra={"error": str(error)})
    os.environ.pop(_FOLDER, None)
    values.ValueClass = values.MutexValue
    counters.forget()
