"""Rules that can take the same records, so that their order decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations

from core.mapping.conditions import Condition, Operator
from core.mapping.moments import parse_moment
from core.mapping.record import is_singular
from core.mapping.routing import Rule, in_order


class OverlapKind(StrEnum):
    """How two rules meet, from what surely is a mistake to what may be meant."""

    UNREACHABLE = "unreachable"
    SAME_PRIORITY = "same_priority"
    SHARED = "shared"


@dataclass(frozen=True)
class Overlap:
    """Two rules that can take the same record and do different things with it."""

    first: Rule
    second: Rule
    kind: OverlapKind

    def __str__(self) -> str:
        first, second = repr(self.first.name), repr(self.second.name)
        if self.kind is OverlapKind.UNREACHABLE:
            return (
                f"Rule {second} never takes anything: rule {first} comes first and takes all of "
                f"it. Give {second} a lower priority number, or {first} more conditions."
            )
        if self.kind is OverlapKind.SAME_PRIORITY:
            return (
                f"Rules {first} and {second} can take the same records and have the same priority "
                f"({self.first.priority}), so the older one wins. Give them different priorities."
            )
        return (
            f"Rules {first} and {second} can take the same records; {first} wins by its priority. "
            "If that is not meant, add a condition to either."
        )


def overlaps(rules: Iterable[Rule]) -> list[Overlap]:
    """Give the pairs of rules in force whose order matters.

    Cautious: a pair is left out only where its conditions provably exclude each other, or where
    both rules do the very same. A rule without conditions that comes last is meant to overlap
    with all others, as the default, and is not reported for it.
    """
    ordered = in_order(rules)
    found = [
        Overlap(first, second, _kind(first, second))
        for first, second in combinations(ordered, 2)
        if not _do_the_same(first, second) and not _exclude_each_other(first, second)
    ]
    last = ordered[-1] if ordered else None
    return [
        it
        for it in found
        if not (it.second is last and not last.conditions and it.kind is OverlapKind.SHARED)
    ]


def _kind(first: Rule, second: Rule) -> OverlapKind:
    if all(_is_implied(condition, second) for condition in first.conditions):
        return OverlapKind.UNREACHABLE
    same = first.priority == second.priority
    return OverlapKind.SAME_PRIORITY if same else OverlapKind.SHARED


def _do_the_same(one: Rule, other: Rule) -> bool:
    return (one.action, one.project, one.issue_type, one.fields, one.time_zone) == (
        other.action, other.project, other.issue_type, other.fields, other.time_zone,
    )  # fmt: skip


def _exclude_each_other(one: Rule, other: Rule) -> bool:
    return any(
        a.path == b.path and is_singular(a.path) and (_excludes(a, b) or _excludes(b, a))
        for a in one.conditions
        for b in other.conditions
    )


def _excludes(a: Condition, b: Condition) -> bool:
    """Say whether no single value passes both: sure where `a` accepts a few known values only."""
    values = _only_values(a)
    if values is not None:
        return not any(b.accepts(value) for value in values)
    match a.operator, b.operator:
        case Operator.EMPTY, Operator.EXISTS | Operator.BEFORE | Operator.AFTER:
            return True
        case Operator.BEFORE, Operator.AFTER:
            upper, lower = parse_moment(a.value), parse_moment(b.value)
            # Days only: two times may lie on other days as each record writes its own offset.
            return type(upper) is date and type(lower) is date and upper <= lower
    return False


def _is_implied(condition: Condition, rule: Rule) -> bool:
    """Say whether every record that a rule takes surely passes a condition."""
    if condition in rule.conditions:
        return True
    if not is_singular(condition.path):
        return False
    known = (_only_values(it) for it in rule.conditions if it.path == condition.path)
    return any(
        values is not None and all(condition.accepts(value) for value in values) for values in known
    )


def _only_values(condition: Condition) -> tuple[object, ...] | None:
    if condition.operator is Operator.EQUALS:
        return (condition.value,)
    if condition.operator is Operator.ONE_OF and isinstance(condition.value, tuple):
        return condition.value
    return None
