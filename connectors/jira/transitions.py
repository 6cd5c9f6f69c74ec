"""Choose the next transition of an issue on its way to a category of statuses.

Workflows differ from project to project and change without notice, so nothing here knows an id or
goes to a status by its name. Names are only asked whether they say that nothing came of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from connectors.jira.models import DONE, Transition, TransitionField

_WITHOUT_RESULT = re.compile(
    r"won.?t|not do|cancel|reject|declin|duplicate|invalid|abandon|incomplete|reproduce",
    re.IGNORECASE,
)
_DETOURS = {"indeterminate": 0, "new": 1, DONE: 3}
_FINISHED = re.compile(r"^(done|fixed|resolved|completed?|closed)$", re.IGNORECASE)


def choose(
    transitions: Iterable[Transition], wanted: Sequence[str], visited: Collection[str]
) -> Transition | None:
    """Give the transition to take, or None when none leads on.

    `wanted` lists status categories, best first; `visited` the ids of the statuses that the issue
    has been in, so that a walk does not go in circles. A way straight into a wanted category wins.
    Otherwise the walk goes on through an unvisited status: one in progress rather than one at the
    start. Last comes what finishes an issue without a result, as "Cancelled" does: to Jira that is
    a finished status like any other, to people it is the opposite of a completed task. Ways whose
    required fields cannot be filled are left out.
    """
    usable = [
        transition
        for transition in transitions
        if transition.available
        and transition.to_id not in visited
        and all(can_fill(field) for field in transition.required_fields)
    ]
    return min(usable, key=lambda transition: _cost(transition, wanted), default=None)


def can_fill(field: TransitionField) -> bool:
    """Say whether a required field has a default or a value to choose."""
    return field.has_default or bool(field.allowed_values)


def fields_for(transition: Transition) -> dict[str, Any]:
    """Give values for the fields that the transition's screen demands.

    The default where the field has one, else a value that says the work was done, else the first
    that does not say the opposite. A default that Jira does not show is left to Jira.
    """
    values: dict[str, Any] = {}
    for field in transition.required_fields:
        if field.has_default and field.default is not None:
            values[field.id] = _reference(field.default)
        elif not field.has_default and field.allowed_values:
            chosen = _reference(_best(field.allowed_values))
            values[field.id] = [chosen] if field.is_array else chosen
    return values


def _cost(transition: Transition, wanted: Sequence[str]) -> tuple[int, int, bool]:
    """Order the ways: straight, then by a detour, then without a result; screens break ties."""
    category, asks = transition.to_category, bool(transition.required_fields)
    if category == DONE and _WITHOUT_RESULT.search(f"{transition.to_name} {transition.name}"):
        return 2, 0, asks
    if category in wanted:
        return 0, wanted.index(category), asks
    return 1, _DETOURS.get(category, 2), asks


def _best(values: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    for value in values:
        if _FINISHED.match(_name(value)):
            return value
    for value in values:
        if not _WITHOUT_RESULT.search(_name(value)):
            return value
    return values[0]


def _name(value: Mapping[str, Any]) -> str:
    return str(value.get("name") or value.get("value") or "")


def _reference(value: object) -> Any:  # noqa: ANN401 - whatever the field takes
    """Shorten an object of Jira to what a write needs of it."""
    if isinstance(value, list):
        return [_reference(item) for item in value]
    if isinstance(value, Mapping):
        for key in ("id", "accountId", "key", "name", "value"):
            if key in value:
                return {key: value[key]}
    return value
