"""Where a task's people stand in it, and what rules may read of them beyond what the task says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.peopleforce.employees import LISTED_DETAILS, SINGLE_DETAILS
from core.mapping.reads import Detail, people_needed
from core.mapping.record import Record
from core.mapping.routing import Rule
from core.people import Known

ASSIGNEE, SUBJECT = "assigned_to", "associated_to"
"""Who does the task, and whom it is about."""

_PRICES = dict.fromkeys(LISTED_DETAILS, Detail.SLIM) | dict.fromkeys(
    SINGLE_DETAILS, Detail.COMPLETE
)


READABLE = (LISTED_DETAILS | SINGLE_DETAILS) - {"custom_fields"}
"""What rules may read of an employee by a fixed name."""


def needed_of(rules: Iterable[Rule]) -> dict[str, Detail]:
    """Give how much some rules read of the people of a task, by their part of it."""
    return people_needed(rules, (ASSIGNEE, SUBJECT), _PRICES)


def people_of(snapshots: Iterable[Record], needed: Mapping[str, Detail]) -> dict[int, Detail]:
    """Give how much is needed of whom, by the ids of the employees in some tasks."""
    wanted: dict[int, Detail] = {}
    for snapshot in snapshots:
        for part, detail in needed.items():
            employee_id = _employee_id(snapshot, part)
            if employee_id is not None:
                wanted[employee_id] = max(detail, wanted.get(employee_id, Detail.NOTHING))
    return wanted


def filled(
    snapshot: Record, needed: Mapping[str, Detail], found: Mapping[int, Known]
) -> dict[str, Any]:
    """Give a copy of a task in which its people have what was found of them."""
    record = dict(snapshot)
    for part, detail in needed.items():
        employee_id = _employee_id(snapshot, part)
        if detail and employee_id is not None:
            record[part] = {**snapshot[part], **found.get(employee_id, {})}
    return record


def _employee_id(snapshot: Record, part: str) -> int | None:
    """Give the id of a task's person, where it is an employee: candidates have ids of their own."""
    person = snapshot.get(part)
    if not isinstance(person, Mapping):
        return None
    return person.get("id") if part == ASSIGNEE or person.get("type") == "Employee" else None
