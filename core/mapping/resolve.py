"""From a record and its rule to a payload that the target takes, or to what is in the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from core.mapping.casts import CastContext, Lookups, cast, lookup_key, says_nothing
from core.mapping.record import Record
from core.mapping.refusal import Refusal
from core.mapping.routing import Rule
from core.mapping.schema import PEOPLE, FieldKind, TargetField, TargetSchema, folded
from core.mapping.sources import FieldMapping, Offered, TextFormat, WhenEmpty
from core.mapping.values import Value
from core.mapping.violations import Blame, Notice, Violation, few, nearest, shown

_NOTHING = object()


class Shapes(Protocol):
    """How a connector writes neutral values as its vendor's JSON."""

    def shape(self, target: TargetField, value: Value, /) -> Any:  # noqa: ANN401 - a vendor's JSON
        """Give the JSON of a field's neutral value; None is a field that is to be cleared.

        Must not fail on a value that `check` lets pass.
        """


@dataclass(frozen=True)
class Payload:
    """What is to be written: `fields` as the vendor wants it, `values` as `check` reads it."""

    fields: dict[str, Any]
    values: dict[str, Value]
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class Violations:
    """Everything that keeps a record from fitting, not only the first thing."""

    violations: tuple[Violation, ...]
    notices: tuple[Notice, ...] = ()

    @property
    def blame(self) -> Blame:
        """Say what has to be mended: the rule, as soon as one violation is the rule's."""
        at_fault = {violation.blame for violation in self.violations}
        return Blame.RULE if Blame.RULE in at_fault else Blame.RECORD

    @property
    def about_the_rule(self) -> str:
        """Say what is wrong with the rule itself, without a word of the record."""
        return "\n".join(str(it) for it in self.violations if it.blame is Blame.RULE)

    def __str__(self) -> str:
        return "\n".join(str(violation) for violation in self.violations)


def resolve(
    record: Record,
    rule: Rule,
    schema: TargetSchema,
    lookups: Lookups,
    shapes: Shapes,
    *,
    exists: bool = False,
) -> Payload | Violations:
    """Give the payload of a record under a rule, or why there is none.

    Every mapped field for which the record has a value is in the payload or in a violation. Where
    the target's record `exists`, fields that are not offered keep what they have, so that none is
    demanded.
    """
    values: dict[str, Value] = {}
    violations: list[Violation] = []
    notices: list[Notice] = []
    context = CastContext(lookups, rule.zone)
    for mapping in rule.fields:
        target = schema.fields.get(mapping.field_id)
        if target is None or not target.settable:
            violations.append(_not_offered(rule, mapping, schema, target))
            continue
        outcome = _value(record, rule, mapping, target, context, exists=exists)
        if context.notices:
            notices.extend(Notice(rule.name, it, target.id, target.name) for it in context.notices)
            context.notices.clear()
        if isinstance(outcome, Violation):
            violations.append(outcome)
        elif outcome is not _NOTHING:
            values[target.id] = outcome
    refused = {violation.field_id for violation in violations}
    violations.extend(
        _unfilled(rule, target, schema)
        for target in (() if exists else schema.must_be_filled)
        if values.get(target.id) is None and target.id not in refused
    )
    if violations:
        return Violations(tuple(violations), tuple(notices))
    fields = {key: shapes.shape(schema.fields[key], value) for key, value in values.items()}
    return Payload(fields, values, tuple(notices))


def needed_lookups(rule: Rule, record: Record, schema: TargetSchema) -> set[str]:
    """Give the e-mails that `resolve` will look for in `lookups`, as its keys are written."""
    needed: set[str] = set()
    for mapping in rule.fields:
        target = schema.fields.get(mapping.field_id)
        if target is None or target.kind not in PEOPLE:
            continue
        value = mapping.offer(record).value
        items = value if isinstance(value, list) else [value]
        needed.update(lookup_key(item) for item in items if isinstance(item, str) and "@" in item)
    return needed


def _value(
    record: Record,
    rule: Rule,
    mapping: FieldMapping,
    target: TargetField,
    context: CastContext,
    *,
    exists: bool,
) -> Value | Violation:
    if target.kind is FieldKind.RICH_TEXT:
        html = context.html = mapping.text_format is TextFormat.HTML
        offered = mapping.offer(record, lambda value: says_nothing(value, target, html=html))
    else:
        offered = mapping.offer(record)
    if offered.notices:
        context.notices.extend(offered.notices)
    if offered.problem:
        return _refused(rule, target, Refusal(offered.problem, _MEND_SOURCE), offered)
    if offered.value is None:
        return _when_empty(rule, mapping, target, exists=exists)
    try:
        return cast(offered.value, target, context)
    except Refusal as refusal:
        return _refused(rule, target, refusal, offered)


_MEND_SOURCE = "correct the record or the source, or add another source to fall back on"


def _when_empty(
    rule: Rule, mapping: FieldMapping, target: TargetField, *, exists: bool
) -> Value | Violation:
    if mapping.when_empty is WhenEmpty.LEAVE_UNSET and (exists or not target.must_be_filled):
        return _NOTHING
    if mapping.when_empty is WhenEmpty.CLEAR and not target.required:
        return None
    demands = "the target demands it" if target.required else "the rule demands it"
    return Violation(
        rule.name,
        target.id,
        target.name,
        f"{demands}, and the record has no value for it",
        "fill it in the record, or add a source to fall back on, such as a static value",
    )


def _refused(rule: Rule, target: TargetField, refusal: Refusal, offered: Offered) -> Violation:
    return Violation(
        rule.name,
        target.id,
        target.name,
        refusal.problem,
        refusal.remedy,
        offered="" if offered.value is None else shown(offered.value),
        allowed=refusal.allowed,
        allowed_count=refusal.allowed_count,
        nearest=refusal.nearest,
        blame=Blame.RULE if offered.constant else Blame.RECORD,
    )


def _unfilled(rule: Rule, target: TargetField, schema: TargetSchema) -> Violation:
    names = [value.name for value in target.choices.values]
    return Violation(
        rule.name,
        target.id,
        target.name,
        f"{schema.target} demands this field, and the rule does not fill it",
        "map the field in the rule, or make it optional in the target",
        allowed=few(names),
        allowed_count=len(names),
        blame=Blame.RULE,
    )


def _not_offered(
    rule: Rule, mapping: FieldMapping, schema: TargetSchema, target: TargetField | None
) -> Violation:
    name = mapping.name or (target.name if target else "")
    if target is not None:
        problem = f"{schema.target} has this field and does not let it be set"
        remedy = "take the field out of the rule"
        return Violation(rule.name, mapping.field_id, name, problem, remedy, blame=Blame.RULE)
    moved = [it for it in schema.ids_by_folded_name.get(folded(name), []) if name]
    if moved:
        remedy = f"map {' or '.join(moved)} instead, which has the same name"
        like = str(schema.fields[moved[0]])
    else:
        remedy = "put the field on the target's screen, or take it out of the rule"
        by_name = {it.name: str(it) for it in schema.fields.values()}
        like = by_name.get(nearest(name, by_name), "")
    problem = f"{schema.target} does not have this field (any more), or not on its screen"
    return Violation(
        rule.name, mapping.field_id, name, problem, remedy, nearest=like, blame=Blame.RULE
    )
