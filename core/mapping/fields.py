"""From a record and a rule to the fields of the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.mapping.rules import FieldMapping, Record, RoutingRule, value_at

Cast = Callable[[Any], Any]


class UnknownCastError(ValueError):
    """A rule names a conversion that the target's connector does not offer."""


def build_fields(rule: RoutingRule, record: Record, casts: Mapping[str, Cast]) -> dict[str, Any]:
    """Give every field that the rule maps, by target field id; an empty value is None.

    None is kept, not left out: it clears a field whose source was emptied.
    """
    return {mapping.target: _value(mapping, rule, record, casts) for mapping in rule.fields}


def _value(
    mapping: FieldMapping, rule: RoutingRule, record: Record, casts: Mapping[str, Cast]
) -> Any:  # noqa: ANN401 - a target field holds any JSON
    if mapping.cast not in casts:
        message = (
            f"rule {rule.name!r}, field {mapping.target}: there is no conversion "
            f"{mapping.cast!r}; choose one of {', '.join(sorted(casts))}"
        )
        raise UnknownCastError(message)
    raw = mapping.source if mapping.kind == "static" else value_at(record, mapping.source)
    return None if raw is None or raw == "" else casts[mapping.cast](raw)


def changed_fields(desired: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """Give the fields whose value is not the one last written.

    A field that was never written and is empty now needs no write either.
    """
    return {key: value for key, value in desired.items() if value != written.get(key)}
