"""Choose the next transition of an issue on its way to a category of statuses.

Workflows differ from project to project and change without notice, so nothing here knows an id or
a status by name; names only break ties between ways that are equally good.
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
_FINISHED = re.compile(r"^(done|fixed|resolved|completed?|closed)$", re.IGNORECASE)


def choose(
    transitions: Iterable[Transition], wanted: Sequence[str], visited: Collection[str]
) -> Transition | None:
    """Give the transition to take, or None when none leads on.

    `wanted` lists status categories, best first; `visited` the ids of the statuses that the issue
    has been in, so that a walk does not go in circles. A way straight into a wanted category wins.
    Otherwise the walk goes on through an unvisited status: one in progress rather than one at the
    start, and a finished one last. Ways whose required fields cannot be filled are left out.
    """
    usable = [
        transition
        for transition in transitions
        if transition.available
        and transition.to_id not in visited
        and all(can_fill(field) for field in transition.required_fields)
    ]
    for category in wanted:
        direct = [transition for transition in usable if transition.to_category == category]
        if direct:
            return min(direct, key=_reluctance)
    by_category = {"indeterminate": 0, "new": 1, "undefined": 2, DONE: 3}
    return min(
        usable,
        key=lambda transition: (
            by_category.get(transition.to_category, 2),
            _reluctance(transition),
        ),
        default=None,
    )


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


def _detour(transition: Transition) -> tuple[int, tuple[bool, bool]]:
    by_category = {"indeterminate": 0, "new": 1, DONE: 3}
    return by_category.get(transition.to_category, 2), _reluctance(transition)


def _reluctance(transition: Transition) -> tuple[bool, bool]:
    """Order equally good ways: not into "Won't do", and without a screen to fill, if possible."""
    says = f"{transition.to_name} {transition.name}"
    return bool(_WITHOUT_RESULT.search(says)), bool(transition.required_fields)


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
