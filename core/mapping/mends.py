"""Changes of a rule that may make refused records fit, as far as the schema suggests any. Pure.

What a name suggests is only a suggestion: `mending.seen_to_help` keeps what refused records were
seen to fit better under, and a person decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from core.mapping.mending import Mend, with_mapping
from core.mapping.option_mends import OptionMends, one_of, text_for
from core.mapping.routing import Rule
from core.mapping.schema import CHOICES, MANY, TargetField, folded
from core.mapping.shadow import Examination, Finding, Trial
from core.mapping.sources import FieldMapping, Static
from core.mapping.values import AllowedValue, Cascade, RichText, Value
from core.mapping.violations import Blame, shown


def candidates(trial: Trial, examination: Examination) -> list[Mend]:
    """Give the changes that may help, untried.

    They may ask for people whom the rule itself does not: see `needed_lookups` of each.
    """
    found: dict[str, Mend] = {}
    for finding in examination.findings:
        for mend in _for_finding(trial, finding):
            found.setdefault(mend.key, mend)
    return list(found.values())


def _for_finding(trial: Trial, finding: Finding) -> Iterator[Mend]:
    field_id = finding.violation.field_id
    target = trial.schema.fields.get(field_id)
    mapping = _mapping_of(trial.rule, field_id)
    if mapping is not None and (target is None or not target.settable):
        yield from _moved_or_removed(trial, mapping)
        return
    if target is None:
        return
    if mapping is not None and target.kind in CHOICES:
        choosing = OptionMends(trial, mapping, target)
        yield from choosing.constants()
        if finding.violation.blame is Blame.RECORD:
            yield from choosing.entries()
    if target.required and (mapping is None or not finding.violation.offered):
        yield from _filled(trial.rule, mapping, target)


def _moved_or_removed(trial: Trial, mapping: FieldMapping) -> Iterator[Mend]:
    """Map the field of the same name, and where there is none, leave the field out."""
    mapped = {it.field_id for it in trial.rule.fields}
    old = _named(mapping.name, mapping.field_id)
    namesakes = [
        trial.schema.fields[field_id]
        for field_id in trial.schema.ids_by_folded_name.get(folded(mapping.name), ())
        if mapping.name and field_id not in mapped and trial.schema.fields[field_id].settable
    ]
    for target in namesakes:
        yield Mend(
            f"{mapping.field_id}:moved-to-{target.id}",
            f"map {target} instead of {old}: it has the same name",
            with_mapping(
                trial.rule, mapping, replace(mapping, field_id=target.id, name=target.name)
            ),
        )
    if not namesakes:
        yield Mend(
            f"{mapping.field_id}:remove",
            f"take {old} out of the rule: it cannot be set there any more",
            with_mapping(trial.rule, mapping, None),
        )


def _filled(rule: Rule, mapping: FieldMapping | None, target: TargetField) -> Iterator[Mend]:
    """Fill a field that is demanded: by its default, by its only value, or by what is chosen."""
    default = _as_written(target.default, target)
    if default is not None:
        value, key, what = default, "default", "its default"
    elif target.allowed is not None and len(target.allowed) == 1 and not target.allowed[0].children:
        value, key, what = text_for(target.allowed[0], target), "only", "its only value"
    else:
        how = "add a source to fall back on to" if mapping else "map"
        text = f"{how} {target}, which is demanded: a person has to choose{one_of(target)}"
        yield Mend(f"{target.id}:choose", text)
        return
    source = Static([value] if target.kind in MANY and not isinstance(value, list) else value)
    if mapping is None:
        mended = replace(
            rule, fields=(*rule.fields, FieldMapping(target.id, (source,), target.name))
        )
        text = f"fill {target} with {what}, {shown(value)}"
    else:
        mended = with_mapping(rule, mapping, replace(mapping, sources=(*mapping.sources, source)))
        text = f"let {target} fall back on {what}, {shown(value)}"
    yield Mend(f"{target.id}:{key}", text, mended)


def _as_written(value: Value, target: TargetField) -> Any:  # noqa: ANN401, PLR0911 - one line for each type
    """Give a neutral value as a rule writes it; None where it cannot."""
    match value:
        case AllowedValue():
            return text_for(value, target)
        case Cascade(parent, None):
            return text_for(parent, target)
        case Cascade(parent, AllowedValue(name=child)):
            return f"{text_for(parent, target)} / {child}"
        case RichText(content):
            return content
        case date():
            return value.isoformat()
        case tuple():
            items = [_as_written(item, target) for item in value]
            return None if None in items or not items else items
        case str() | int() | float():
            return value
    return None


def _mapping_of(rule: Rule, field_id: str) -> FieldMapping | None:
    return next((it for it in rule.fields if it.field_id == field_id), None)


def _named(name: str, field_id: str) -> str:
    return f"{name} ({field_id})" if name and name != field_id else field_id
