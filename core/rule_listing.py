"""The rules as a list that people read: each with what it holds, what it took, and how it fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import rules
from core.mapping.errors import RuleDocumentError
from core.mapping.overlaps import Overlap, OverlapKind, overlaps
from core.models import DeadLetter, DeadLetterState, Link, Rule, RuleState, ShadowResult
from core.rule_states import held_by_rule

NEWEST = 1000
"""Records of which the list says how many each rule took."""

LISTED = 50
"""Held changes that a page names."""

_WORST_FIRST = list(OverlapKind)


@dataclass(frozen=True)
class Listed:
    """One rule in the list. `took` is among the newest records; `result` is the last trial."""

    row: Rule
    held: int
    took: int
    result: ShadowResult | None


def listed(session: Session) -> list[Listed]:
    """Give all rules in order, in a number of queries that does not grow with them."""
    rows = rules.all_rules(session)
    held = held_by_rule(session)
    took = _took(session)
    results = _last_results(session)
    return [Listed(row, held.get(row.id, 0), took[row.id], results.get(row.id)) for row in rows]


def looked_at(session: Session) -> int:
    """Give how many records `Listed.took` is about."""
    newest = select(Link.id).order_by(Link.id.desc()).limit(NEWEST).subquery()
    return session.scalar(select(func.count()).select_from(newest)) or 0


_overlaps: dict[tuple[Any, ...], list[Overlap]] = {}
"""What was found last, by what tells that a rule has changed since: each is compared with each."""


def order_matters(rows: Sequence[Rule]) -> list[Overlap]:
    """Give the rules in force whose order decides what becomes of a record, worst first.

    Nothing is said of any where a stored rule cannot be read: its own page says why.
    """
    in_force = [row for row in rows if row.state is not RuleState.DISABLED]
    seen = tuple((row.id, row.version, row.updated_at) for row in in_force)
    found = _overlaps.get(seen)
    if found is None:
        try:
            found = overlaps(map(rules.to_rule, in_force))
        except RuleDocumentError:
            found = []
        found.sort(key=lambda it: _WORST_FIRST.index(it.kind))
        _overlaps.clear()
        _overlaps[seen] = found
    return found


def held_changes(session: Session, rule_id: int) -> list[DeadLetter]:
    """Give the newest changes that a rule holds, and those that failed under it."""
    letters = select(DeadLetter).where(
        DeadLetter.rule_id == rule_id, DeadLetter.state == DeadLetterState.OPEN
    )
    return list(session.scalars(letters.order_by(DeadLetter.id.desc()).limit(LISTED)))


def _took(session: Session) -> Counter[int]:
    newest = select(Link.rule_id).order_by(Link.id.desc()).limit(NEWEST)
    return Counter(rule_id for rule_id in session.scalars(newest) if rule_id is not None)


def _last_results(session: Session) -> dict[int, ShadowResult]:
    last = select(func.max(ShadowResult.id)).group_by(ShadowResult.rule_id)
    found = session.scalars(select(ShadowResult).where(ShadowResult.id.in_(last)))
    return {result.rule_id: result for result in found}
