"""The lists that people page through, sort and filter: one module for each of them.

Whatever is asked costs a bounded time: pages are numbered up to `DEEPEST` rows and counted up to
there, and a text that no index knows is looked for among the newest rows alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

T = TypeVar("T")

DEEPEST = 10_000
"""Rows that can be reached by page number; who looks for more has to filter."""

LARGEST = 200
"""Rows of one page."""


@dataclass(frozen=True)
class Ask:
    """Which page somebody wants, and in which order."""

    page: int = 1
    size: int = 50
    sort: str = ""
    descending: bool = True

    @property
    def offset(self) -> int:
        """How many rows come before the page; none are looked for beyond the deepest."""
        return min(max(self.page, 1) - 1, DEEPEST // self.limit) * self.limit

    @property
    def limit(self) -> int:
        """How many rows the page has."""
        return min(max(self.size, 1), LARGEST)


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page: its rows, how many there are in all, and whether there are `more` than counted."""

    rows: Sequence[T]
    total: int
    more: bool = False
    note: str = ""

    def last_page(self, ask: Ask) -> int:
        """Give the number of the last page."""
        return max(1, ceil(self.total / ask.limit))


def count(session: Session, ids: Select[Any]) -> tuple[int, bool]:
    """Count the rows of a query up to `DEEPEST`, and say whether there are more."""
    bounded = ids.order_by(None).limit(DEEPEST + 1).subquery()
    found = session.scalar(select(func.count()).select_from(bounded)) or 0
    return min(found, DEEPEST), found > DEEPEST
