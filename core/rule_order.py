"""The priorities that put rules into an order, with as few of them changed as can be. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

STEP = 10
"""Between two rules that are numbered anew, so that another one fits in."""


def renumbered(priorities: Mapping[int, int], wanted: Sequence[int]) -> dict[int, int]:
    """Give the new priorities of those rules that must change for the ids to be in `wanted` order.

    Each changed rule is a new version that somebody reads later, so whatever stands right among
    the others stays. Only where no number is free between two of them all are numbered anew.
    """
    kept = _longest_rising([(priorities[one], one) for one in wanted])
    new: dict[int, int] = {}
    lower: int | None = None
    run: list[int] = []
    for one in (*wanted, None):
        if one is not None and one not in kept:
            run.append(one)
            continue
        upper = priorities[one] if one is not None else None
        numbers = _between(lower, upper, len(run))
        if numbers is None:
            everyone = {it: (place + 1) * STEP for place, it in enumerate(wanted)}
            return {it: number for it, number in everyone.items() if number != priorities[it]}
        new.update(zip(run, numbers, strict=True))
        run, lower = [], upper
    return {it: number for it, number in new.items() if number != priorities[it]}


def _between(lower: int | None, upper: int | None, count: int) -> list[int] | None:
    """Give so many rising numbers between two bounds, spread evenly; None where they do not fit."""
    if not count:
        return []
    if upper is None:
        return [(lower or 0) + STEP * (place + 1) for place in range(count)]
    # A person numbers from 1, and would wonder about less.
    floor = min(0, upper - count - 1) if lower is None else lower
    if upper - floor - 1 < count:
        return None
    step = (upper - floor) / (count + 1)
    return [floor + max(place + 1, int(step * (place + 1))) for place in range(count)]


def _longest_rising(keys: Sequence[tuple[int, int]]) -> set[int]:
    """Give the ids of a longest subsequence that is in rising order already."""
    tails: list[tuple[int, int]] = []
    ends: list[int] = []
    before: list[int | None] = []
    for place, key in enumerate(keys):
        at = bisect_left(tails, key)
        before.append(ends[at - 1] if at else None)
        tails[at : at + 1] = [key]
        ends[at : at + 1] = [place]
    found: set[int] = set()
    place: int | None = ends[-1] if ends else None
    while place is not None:
        found.add(keys[place][1])
        place = before[place]
    return found
