"""Which rule takes a task and why, condition by condition, by the rules as they are now.

Computed anew by the pure engine from the task as it was last seen. What was done at the time, and
by which version of a rule, is in the task's story.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from core import people, rules
from core.mapping import routing
from core.mapping.conditions import Condition
from core.mapping.record import Record, RecordError
from core.models import Link

PASSED_OVER_SHOWN = 30
"""Rules that were tried before; of more, the nearest ones are told."""

PEOPLE_BELIEVED = timedelta(hours=24)
"""As long as work believes what was read of a person."""


@dataclass(frozen=True)
class Tried:
    """One condition of a rule, and whether it holds for the task."""

    condition: str
    holds: bool
    problem: str = ""
    """Why it could not be tested, where it could not."""


@dataclass(frozen=True)
class Explained:
    """The rule that takes a task now, its conditions, and why no earlier one does."""

    rule: routing.Rule | None
    version: int | None = None
    tripped: str = ""
    keeps: bool = False
    """The rule made the task's issue and keeps it, whatever takes the task now."""
    conditions: tuple[Tried, ...] = ()
    passed_over: tuple[tuple[routing.Rule, str], ...] = ()
    not_shown: int = 0
    """How many more rules were passed over, before those that are told."""


def explain(session: Session, link: Link) -> Explained:
    """Say which rule takes a task by the rules in force now, and why.

    Raises `core.mapping.errors.RuleDocumentError` where a stored rule cannot be read.
    """
    in_force = rules.rules_in_force(session)
    record = with_known_people(session, link)
    decision = routing.route(in_force.rules, record)
    made_by = next((it for it in in_force.rules if it.id == link.rule_id), None)
    keeps = link.issue_id is not None and made_by is not None and made_by != decision.rule
    rule = made_by if keeps else decision.rule
    told = decision.passed_over[-PASSED_OVER_SHOWN:]
    return Explained(
        rule,
        version=in_force.versions.get(rule.id) if rule else None,
        tripped=in_force.tripped.get(rule.id, "") if rule else "",
        keeps=keeps,
        conditions=tuple(_try(it, record) for it in rule.conditions) if rule else (),
        passed_over=tuple((it.rule, str(it.condition)) for it in told),
        not_shown=len(decision.passed_over) - len(told),
    )


def _try(condition: Condition, record: Record) -> Tried:
    try:
        return Tried(str(condition), condition.holds(record))
    except RecordError as error:
        return Tried(str(condition), holds=False, problem=str(error))


def with_known_people(session: Session, link: Link) -> dict[str, Any]:
    """Give a task's snapshot with what is known of its people; nobody is asked for more."""
    record = dict(link.snapshot)
    ids = {part: _employee_id(record, part) for part in ("assigned_to", "associated_to")}
    wanted = {str(it) for it in ids.values() if it is not None}
    known = people.known(session, link.source, wanted, max_age=PEOPLE_BELIEVED)
    for part, employee_id in ids.items():
        if str(employee_id) in known:
            record[part] = {**record[part], **known[str(employee_id)]}
    return record


def _employee_id(record: Mapping[str, Any], part: str) -> int | None:
    person = record.get(part)
    if not isinstance(person, Mapping):
        return None
    return person.get("id") if part == "assigned_to" or person.get("type") == "Employee" else None
