"""A change of a rule that would make refused records fit, and whether it is seen to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.mapping.examples import Expectation, Taken
from core.mapping.record import Record
from core.mapping.routing import Rule
from core.mapping.shadow import Trial
from core.mapping.sources import FieldMapping


@dataclass(frozen=True)
class Mend:
    """A change of a rule that helps.

    `key` names it among the mends of its rule, today and tomorrow. `text` repeats no record's
    value; `details` may, a line for each. `rule` is the mended rule, or None where a person has to
    choose. `helps` counts the records that were refused and for which the problem is gone.
    """

    key: str
    text: str
    rule: Rule | None = None
    details: tuple[str, ...] = ()
    helps: int = 0


def seen_to_help(trial: Trial, mends: Iterable[Mend]) -> list[Mend]:
    """Give the mends under which refused records fit better, those that help most first.

    Better is with fewer problems, and with none that was not there before. What a person has to
    choose comes last. The made-up record counts as seen, and not as a record.
    """
    records = [record for record in trial.records.values() if _refused(trial, record, trial.rule)]
    helpful = []
    for mend in mends:
        if mend.rule is None:
            helpful.append(mend)
            continue
        helps = sum(_better(trial, record, mend.rule) for record in records)
        if helps or _better(trial, trial.synthetic, mend.rule):
            helpful.append(replace(mend, helps=helps))
    return sorted(helpful, key=lambda mend: (mend.rule is None, -mend.helps, mend.key))


def _better(trial: Trial, record: Record, mended: Rule) -> bool:
    return _refused(trial, record, mended) < _refused(trial, record, trial.rule)


def _refused(trial: Trial, record: Record, rule: Rule) -> frozenset[str]:
    return frozenset(violation.field_id for violation in trial.violations(record, rule))


def with_mapping(
    rule: Rule,
    old: FieldMapping,
    new: FieldMapping | None,
    values: Mapping[str, str] | None = None,
) -> Rule:
    """Give a rule with a field's mapping exchanged, or left out for None.

    What its examples expect of the field follows: under its new id, and with `values` exchanged.
    Otherwise an example of what is no more would keep the mended rule out of force.
    """
    kept = [new if it is old else it for it in rule.fields]
    examples = tuple(
        replace(it, expect=_expected(it.expect, old, new, values or {})) for it in rule.examples
    )
    return replace(rule, fields=tuple(it for it in kept if it is not None), examples=examples)


def _expected(
    expect: Expectation, old: FieldMapping, new: FieldMapping | None, values: Mapping[str, str]
) -> Expectation:
    if not isinstance(expect, Taken) or old.field_id not in expect.fields:
        return expect
    fields = dict(expect.fields)
    value = fields.pop(old.field_id)
    if new is not None:
        fields[new.field_id] = _exchanged(value, values)
    return Taken(fields)


def _exchanged(value: Any, values: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        return [_exchanged(item, values) for item in value]
    return values.get(value, value) if isinstance(value, str) else value
