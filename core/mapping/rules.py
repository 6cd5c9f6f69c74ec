"""What a rule is to the engine, and which rule takes a record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]


@dataclass(frozen=True)
class FieldMapping:
    """Where one target field gets its value from, and as what.

    `kind` is `path` (dotted, into the record: `assigned_to.email`) or `static` (`source` itself).
    `cast` names a conversion that the target's connector offers.
    """

    target: str
    kind: str
    source: Any
    cast: str


@dataclass(frozen=True)
class RoutingRule:
    """A rule in force: what it matches and where that goes."""

    id: int
    name: str
    conditions: tuple[Mapping[str, Any], ...]
    drop: bool
    project: str
    issue_type: str
    recreate_deleted: bool
    fields: tuple[FieldMapping, ...]


def value_at(record: Record, path: str) -> Any:  # noqa: ANN401 - a record holds any JSON
    """Give the value at a dotted path, or None where any step of it is missing."""
    value: Any = record
    for step in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def matches(rule: RoutingRule, record: Record) -> bool:
    """Say whether all conditions of a rule hold.

    A condition is `{"path": dotted path, "equals": value}`; no condition matches everything.
    """
    return all(
        value_at(record, condition["path"]) == condition["equals"] for condition in rule.conditions
    )


def first_match(rules: Iterable[RoutingRule], record: Record) -> RoutingRule | None:
    """Give the rule that takes a record: like in a firewall, the first that matches."""
    return next((rule for rule in rules if matches(rule, record)), None)
