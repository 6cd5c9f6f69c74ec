"""Trying a rule on the examples that are kept with it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from core.mapping.casts import CastContext, Lookups, cast, lookup_key
from core.mapping.examples import Example, LeftAlone, Refused, Taken
from core.mapping.record import is_empty
from core.mapping.refusal import Refusal
from core.mapping.resolve import Payload, Shapes, Violations, needed_lookups, resolve
from core.mapping.routing import Action, Rule, route
from core.mapping.schema import MANY, PEOPLE, FieldKind, TargetField, TargetSchema
from core.mapping.values import Account, AllowedValue, Cascade, RichText, Value
from core.mapping.violations import placed, shown

_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class Failure:
    """What an example did not meet, in words for who writes rules."""

    rule: str
    example: str
    problem: str
    field_id: str = ""
    field_name: str = ""

    def __str__(self) -> str:
        place = placed(", field ", self.field_id, self.field_name)
        return f"Rule {self.rule!r}, example {self.example!r}{place}: {self.problem}"


_Failing = Callable[..., Failure]
"""Makes a failure of one example from its problem, and the id and name of its field."""


def need_schema(rule: Rule) -> bool:
    """Say whether a rule's examples can be tried only with its target's schema."""
    return rule.action is Action.SYNC and any(
        not isinstance(example.expect, LeftAlone) for example in rule.examples
    )


def lookups_of_examples(rule: Rule, schema: TargetSchema) -> set[str]:
    """Give the e-mails that `try_examples` will look for in `lookups`, as its keys are written."""
    needed: set[str] = set()
    for example in rule.examples:
        needed |= needed_lookups(rule, example.record, schema)
        if not isinstance(example.expect, Taken):
            continue
        for field_id, expected in example.expect.fields.items():
            target = schema.fields.get(field_id)
            if target is not None and target.kind in PEOPLE:
                items = expected if isinstance(expected, list) else [expected]
                needed |= {lookup_key(item) for item in items if isinstance(item, str)}
    return needed


def try_examples(
    rule: Rule, schema: TargetSchema | None, lookups: Lookups, shapes: Shapes
) -> tuple[Failure, ...]:
    """Give everything in which a rule does not do what its examples expect.

    `schema` is that of the rule's target; None is good enough where `need_schema` says so.
    """
    return tuple(
        failure
        for example in rule.examples
        for failure in _try(example, rule, schema, lookups, shapes)
    )


def _try(
    example: Example, rule: Rule, schema: TargetSchema | None, lookups: Lookups, shapes: Shapes
) -> Iterator[Failure]:
    failure = partial(Failure, rule.name, example.name)
    decision = route([rule], example.record)
    if isinstance(example.expect, LeftAlone):
        if decision.rule is not None:
            yield failure("the rule was to pass it over, and takes it.")
    elif decision.rule is None:
        condition = decision.passed_over[0].condition
        yield failure(f"the rule was to take it, and passes it over: not {condition}.")
    elif rule.action is Action.SYNC:
        if schema is None:
            message = f"the examples of rule {rule.name!r} need the schema of its target"
            raise ValueError(message)
        outcome = resolve(example.record, rule, schema, lookups, shapes)
        if isinstance(example.expect, Refused):
            yield from _refused(example.expect, outcome, schema, failure)
        else:
            context = CastContext(lookups, rule.zone)
            yield from _taken(example.expect, outcome, schema, context, failure)


def _refused(
    expect: Refused, outcome: Payload | Violations, schema: TargetSchema, failure: _Failing
) -> Iterator[Failure]:
    target = schema.fields.get(expect.field_id)
    place = (expect.field_id, target.name if target else "")
    if isinstance(outcome, Payload):
        yield failure("it was to be refused, and it fits.", *place)
    elif expect.field_id and all(it.field_id != expect.field_id for it in outcome.violations):
        yield failure(f"it was to be refused because of this field, and is not. {outcome}", *place)


def _taken(
    expect: Taken,
    outcome: Payload | Violations,
    schema: TargetSchema,
    context: CastContext,
    failure: _Failing,
) -> Iterator[Failure]:
    if isinstance(outcome, Violations):
        for it in outcome.violations:
            yield failure(f"it is refused. {it.words}", it.field_id, it.field_name)
        return
    for field_id, expected in expect.fields.items():
        target = schema.fields.get(field_id)
        if target is None:
            problem = f"{schema.target} does not have this field, or not on its screen."
            yield failure(problem, field_id)
            continue
        problem = _difference(expected, outcome.values.get(field_id), target, context)
        if problem:
            yield failure(problem, field_id, target.name)


def _difference(expected: object, value: Value, target: TargetField, context: CastContext) -> str:
    """Say how a field's value differs from what was expected of it; nothing where it does not."""
    came = shown(readable(value, context.lookups)) if not is_empty(value) else "nothing"
    if is_empty(expected):
        return "" if value is None else f"nothing was expected, and {came} came."
    different = f"{shown(expected)} was expected, and {came} came."
    if target.kind is FieldKind.RICH_TEXT:
        words = _plain(value).split() if isinstance(value, RichText) else []
        # Without blanks: a tag stands for one in `<p>`, and for none in the middle of a word.
        return "" if "".join(words) == "".join(str(expected).split()) else different
    try:
        wanted = cast(expected, target, context)
    except Refusal as refusal:
        nearest = f" Nearest: {refusal.nearest}." if refusal.nearest else ""
        return f"{shown(expected)} was expected, but {refusal.problem}.{nearest}"
    if target.kind in MANY:
        return "" if set(wanted) == set(value or ()) else different
    if target.kind is FieldKind.TEXT and isinstance(value, str):
        return "" if wanted.strip() == value.strip() else different
    return "" if wanted == value else different


def readable(value: Value, lookups: Lookups) -> Any:  # noqa: ANN401, PLR0911 - a line for each type
    """Give a neutral value as people write it, and as an example would have it."""
    match value:
        case AllowedValue(id, name):
            return name or id
        case Cascade(parent, child):
            return f"{parent.name} / {child.name}" if child else parent.name
        case Account(id):
            return next((email for email, account in lookups.items() if account == id), id)
        case RichText():
            return " ".join(_plain(value).split())
        case date():
            return value.isoformat()
        case tuple():
            return [readable(item, lookups) for item in value]
    return value


def _plain(text: RichText) -> str:
    return html.unescape(_TAG.sub(" ", text.content)) if text.html else text.content
