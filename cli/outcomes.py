"""What a check of `igw doctor` says: how bad it is, what was found, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How bad it is: a warning works, but not as well as it should."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Outcome:
    """What one check found; `remedy` is empty when there is nothing to do."""

    status: Status
    found: str
    remedy: str = ""


def well(found: str) -> Outcome:
    """Give an outcome that asks nothing of anybody."""
    return Outcome(Status.OK, found)


def failed(found: str, remedy: str) -> Outcome:
    """Give an outcome that keeps the gateway from doing its work."""
    return Outcome(Status.FAILED, found, remedy)


def warned(found: str, remedy: str) -> Outcome:
    """Give an outcome with which the gateway works, but not as well as it should."""
    return Outcome(Status.WARNING, found, remedy)


Check = Callable[[], Outcome]
