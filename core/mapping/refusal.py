"""The one way in which a cast says no; `resolve` makes a violation of it."""

from __future__ import annotations

from collections.abc import Sequence

from core.mapping.violations import few


class Refusal(Exception):  # noqa: N818 - it never leaves the engine and is no error of ours
    """A field cannot take a value; says why, what to do, and which values it takes."""

    def __init__(
        self, problem: str, remedy: str, allowed: Sequence[str] = (), nearest: str = ""
    ) -> None:
        super().__init__(problem)
        self.problem, self.remedy, self.nearest = problem, remedy, nearest
        self.allowed, self.allowed_count = few(allowed), len(allowed)

    def __str__(self) -> str:
        return self.problem
