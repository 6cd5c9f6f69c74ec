"""Asking several things at once, each for a bounded time: what hangs must not hold up the rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class NoAnswer:
    """Something did not answer: it raised `error`, or took too long where that is None."""

    error: Exception | None
    seconds: float

    def __str__(self) -> str:
        if self.error is None:
            return f"no answer within {self.seconds:g} s"
        return f"{type(self.error).__name__}: {self.error}"


def together(questions: Mapping[str, Callable[[], T]], seconds: float) -> dict[str, T | NoAnswer]:
    """Ask all questions side by side, and give what came of each within so many seconds.

    A question that takes longer goes on by itself; give it a limit of its own that ends it.
    """
    found: dict[str, T | NoAnswer] = {}

    def run(name: str, question: Callable[[], T]) -> None:
        try:
            found[name] = question()
        except Exception as error:  # noqa: BLE001 - it is what was found
            found[name] = NoAnswer(error, seconds)

    threads = [
        threading.Thread(target=run, args=item, name=item[0], daemon=True)
        for item in questions.items()
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return {name: found.get(name, NoAnswer(None, seconds)) for name in questions}
