"""A second pair of eyes on a finished payload: whether it fits a schema.

Written apart from the casts, so that a mistake there does not vouch for itself here; and asked
again before a call with whatever the schema is by then.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from urllib.parse import urlsplit

from core.mapping.schema import FieldKind, TargetField, TargetSchema
from core.mapping.values import Account, AllowedValue, Cascade, RichText, Value
from core.mapping.violations import Blame, Violation, few, shown

Finding = str


def check(values: Mapping[str, Value], schema: TargetSchema, *, rule: str = "") -> list[Violation]:
    """Give everything that keeps neutral values (`Payload.values`) from fitting a schema.

    `rule` is the name that the violations carry.
    """
    violations = []
    for field_id, value in values.items():
        target = schema.fields.get(field_id)
        if target is None:
            problem = f"{schema.target} does not have this field, or not on its screen"
            remedy = "take the field out of the rule, or put it on the target's screen"
            violations.append(Violation(rule, field_id, "", problem, remedy, blame=Blame.RULE))
            continue
        problem = _problem(value, target)
        if problem:
            violations.append(_violation(rule, target, value, problem))
    violations.extend(
        _violation(rule, target, None, f"{schema.target} demands this field")
        for target in schema.fields.values()
        if target.required and not target.has_default and target.id not in values
    )
    return violations


def _problem(value: Value, target: TargetField) -> Finding:
    if not target.settable:
        return "the field cannot be set"
    if value is None:
        return "the field must not be cleared" if target.required else ""
    return _CHECKS[target.kind](value, target)


def _violation(rule: str, target: TargetField, value: Value, problem: str) -> Violation:
    names = [allowed.name for allowed in target.allowed or ()]
    return Violation(
        rule,
        target.id,
        target.name,
        problem,
        "correct the rule's mapping of this field",
        offered="" if value is None else shown(value),
        allowed=few(names),
        allowed_count=len(names),
    )


def _text(value: Value, target: TargetField) -> Finding:
    if not isinstance(value, str) or not value.strip():
        return "it is not a text, or a blank one"
    if target.max_length is not None and len(value) > target.max_length:
        return f"it is longer than {target.max_length:,} characters"
    return ""


def _line(value: Value, target: TargetField) -> Finding:
    return _text(value, target) or ("it has line breaks" if len(value.splitlines()) > 1 else "")


def _rich_text(value: Value, _: TargetField) -> Finding:
    if isinstance(value, RichText) and value.content.strip():
        return ""
    return "it is not a formatted text, or a blank one"


def _number(value: Value, _: TargetField) -> Finding:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "it is not a finite number"
    return ""


def _date(value: Value, _: TargetField) -> Finding:
    good = isinstance(value, date) and not isinstance(value, datetime)
    return "" if good else "it is not a day"


def _datetime(value: Value, _: TargetField) -> Finding:
    good = isinstance(value, datetime) and value.utcoffset() is not None
    return "" if good else "it is not a time with its offset"


def _choice(value: Value, target: TargetField) -> Finding:
    if not isinstance(value, AllowedValue) or not (value.id or value.name):
        return "it is not a choice"
    if target.allowed is not None and value not in target.allowed:
        return "it is not among the allowed values"
    return ""


def _cascade(value: Value, target: TargetField) -> Finding:
    if not isinstance(value, Cascade):
        return "it is not a choice in two steps"
    problem = _choice(value.parent, target)
    if problem or value.child is None or target.allowed is None:
        return problem
    return "" if value.child in value.parent.children else "the second step is not below the first"


def _account(value: Value, _: TargetField) -> Finding:
    return "" if isinstance(value, Account) and value.id else "it is not an account"


def _label(value: Value, target: TargetField) -> Finding:
    if not isinstance(value, str) or not value or value.split() != [value]:
        return "it is not a label: one word"
    return _text(value, target)


def _url(value: Value, target: TargetField) -> Finding:
    problem = _line(value, target)
    try:
        good = urlsplit(value).scheme in ("http", "https") and urlsplit(value).hostname
    except (ValueError, AttributeError, TypeError):
        good = False
    return problem or ("" if good else "it is not a web address")


def _parent(value: Value, _: TargetField) -> Finding:
    return "" if isinstance(value, str) and value.split() == [value] else "it is not a key"


def _anything(_: Value, __: TargetField) -> Finding:
    return ""


def _each(one: Callable[[Value, TargetField], Finding]) -> Callable[[Value, TargetField], Finding]:
    def check_all(value: Value, target: TargetField) -> Finding:
        if not isinstance(value, tuple) or not value:
            return "it is not a list, or an empty one"
        if len(set(value)) < len(value):
            return "it has a value twice"
        return next((problem for item in value if (problem := one(item, target))), "")

    return check_all


_CHECKS: dict[FieldKind, Callable[[Value, TargetField], Finding]] = {
    FieldKind.LINE: _line,
    FieldKind.TEXT: _text,
    FieldKind.RICH_TEXT: _rich_text,
    FieldKind.NUMBER: _number,
    FieldKind.DATE: _date,
    FieldKind.DATETIME: _datetime,
    FieldKind.OPTION: _choice,
    FieldKind.OPTIONS: _each(_choice),
    FieldKind.CASCADE: _cascade,
    FieldKind.USER: _account,
    FieldKind.USERS: _each(_account),
    FieldKind.GROUP: _choice,
    FieldKind.GROUPS: _each(_choice),
    FieldKind.LABELS: _each(_label),
    FieldKind.COMPONENTS: _each(_choice),
    FieldKind.VERSIONS: _each(_choice),
    FieldKind.PRIORITY: _choice,
    FieldKind.URL: _url,
    FieldKind.PARENT: _parent,
    FieldKind.UNKNOWN: _anything,
}
