"""Which calls to vendors a piece of work took, to be told with what came of it.

No URL, no body, no parameter: a call's name, its status and how long it took.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypedDict

MOST = 20
"""Calls that are told of one piece of work: the first ones, and the last."""


class Call(TypedDict):
    """One call, as the activity keeps it."""

    vendor: str
    operation: str
    method: str
    status: int | None
    """NULL where there was no answer; `outcome` says why."""
    outcome: str
    ms: int


_made: ContextVar[list[Call] | None] = ContextVar("calls_made", default=None)


@contextmanager
def recorded() -> Generator[list[Call]]:
    """Collect the calls that are made inside the block; a block within has its calls to itself."""
    made: list[Call] = []
    token = _made.set(made)
    try:
        yield made
    finally:
        _made.reset(token)


def note(call: Call) -> None:
    """Tell of a call that was made; nobody may be listening."""
    made = _made.get()
    if made is not None:
        if len(made) == MOST:
            del made[MOST // 2]
        made.append(call)
