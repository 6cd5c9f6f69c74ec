"""What mapping costs: records per second through routing and resolving, on one core."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from bench.tables import Spread, Table
from core.mapping.casts import Lookups
from core.mapping.conditions import Condition, Operator
from core.mapping.resolve import Payload, resolve
from core.mapping.routing import Rule, in_order, route
from core.mapping.schema import FieldKind, TargetField, TargetSchema
from core.mapping.sources import FieldMapping, Path, Source, Static, Template, ValueMap
from core.mapping.values import AllowedValue, RichText, Value

SIZES = ((1, 40), (5, 40), (20, 10), (20, 20), (20, 40), (20, 80), (50, 40), (100, 40))
"""Rules, and fields of the schema; all fields are mapped."""

RECORDS = 2_000
RUNS = 5


def measure() -> Table:
    """Measure records per second for rule sets and schemas of several sizes.

    The records are spread over the rules evenly, so that half of the rules are tried on average.
    """
    rows = []
    for rule_count, field_count in SIZES:
        rates = Spread(_rates(rule_count, field_count))
        rows.append([rule_count, field_count, rates, f"{1e6 / rates.middle:.0f}"])
    return Table(
        f"Records mapped in a second on one core: routed, resolved, cast and checked. {RUNS} runs "
        f"of {RECORDS:,} records; median (least to most).",
        ("rules", "fields", "records/s", "us per record"),
        rows,
    )


def _rates(rule_count: int, field_count: int) -> list[float]:
    rules = in_order(_rule(number, field_count) for number in range(rule_count))
    schema = TargetSchema("HR, Task", {field.id: field for field in _fields(field_count)})
    records = [_record(number, number % rule_count) for number in range(RECORDS)]
    lookups = {"iryna.koval@acme.example": "5b10a2844c20165700ede21g"}
    shapes = _PlainShapes()
    _map_all(records[:100], rules, schema, lookups, shapes)  # What is compiled once is not counted.
    rates = []
    for _ in range(RUNS):
        before = time.process_time()
        _map_all(records, rules, schema, lookups, shapes)
        rates.append(len(records) / (time.process_time() - before))
    return rates


def _map_all(
    records: Sequence[dict[str, Any]],
    rules: Sequence[Rule],
    schema: TargetSchema,
    lookups: Lookups,
    shapes: _PlainShapes,
) -> None:
    for record in records:
        rule = route(rules, record).rule
        outcome = resolve(record, rule, schema, lookups, shapes) if rule else None
        if not isinstance(outcome, Payload) or len(outcome.fields) != len(schema.fields):
            message = f"a record did not map as it should: {outcome}"
            raise AssertionError(message)


class _PlainShapes:
    """As little work as a connector can have: its own costs are not the engine's."""

    def shape(self, target: TargetField, value: Value) -> object:
        if isinstance(value, RichText):
            return value.content
        if isinstance(value, AllowedValue):
            return {"id": value.id}
        return str(value) if target.kind is FieldKind.DATE else value


_OFFICES = tuple(AllowedValue(str(10_000 + n), f"Office {n}") for n in range(50))
_KINDS: tuple[tuple[FieldKind, Source], ...] = (
    (FieldKind.LINE, Template("Onboard {{ employee.full_name }} ({{ employee.position.name }})")),
    (FieldKind.RICH_TEXT, Path("$.description")),
    (FieldKind.DATE, Path("$.ends_on")),
    (FieldKind.OPTION, Path("$.employee.office.name")),
    (FieldKind.USER, Path("$.assigned_to.email")),
    (FieldKind.LABELS, Static(["PeopleForce", "onboarding"])),
    (FieldKind.OPTION, ValueMap(Path("$.employee.department.name"), {"Team 1": "10007"}, "10001")),
    (FieldKind.NUMBER, Path("$.employee.custom[?@.name == 'Cost centre'].value")),
    (FieldKind.DATETIME, Path("$.created_at")),
    (FieldKind.TEXT, Path("$.employee.full_name")),
)  # fmt: skip


def _fields(count: int) -> list[TargetField]:
    fields = []
    for number in range(count):
        kind = _KINDS[number % len(_KINDS)][0]
        fields.append(
            TargetField(
                f"customfield_{number}",
                f"Field {number}",
                kind,
                required=number % 4 == 0,
                allowed=_OFFICES if kind is FieldKind.OPTION else None,
                max_length=254 if kind is FieldKind.LINE else None,
            )
        )
    return fields


def _rule(number: int, field_count: int) -> Rule:
    return Rule(
        id=number,
        name=f"Team {number}",
        priority=number,
        conditions=(
            Condition("$.type", Operator.EQUALS, "Tasks::General"),
            Condition("$.title", Operator.GLOB, "Prepare*"),
            Condition("$.employee.department.name", Operator.EQUALS, f"Team {number}"),
        ),
        project="HR",
        issue_type="Task",
        fields=tuple(
            FieldMapping(f"customfield_{position}", (_KINDS[position % len(_KINDS)][1],))
            for position in range(field_count)
        ),
        time_zone="Europe/Kyiv",
    )


def _record(number: int, team: int) -> dict[str, Any]:
    person = {"full_name": "Iryna Koval", "email": "iryna.koval@acme.example"}
    return {
        "id": 7_000_000 + number,
        "type": "Tasks::General",
        "title": f"Prepare laptop {number}",
        "starts_on": "2026-10-05",
        "ends_on": "2026-10-09",
        "completed": False,
        "description": "Model <b>X1</b>&nbsp;<br>" + "as agreed with the manager " * 8,
        "assigned_to": {"id": number % 40, **person},
        "employee": {
            **person,
            "department": {"id": team, "name": f"Team {team}"},
            "office": {"name": f"Office {number % 50}"},
            "position": {"name": "Engineer"},
            "custom": [
                {"name": "Shirt size", "value": "M"},
                {"name": "Cost centre", "value": str(1_000 + team)},
            ],
        },
        "created_at": "2026-10-01T08:15:30.120Z",
    }
