"""From a source's value to the neutral value that a field of some kind takes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any
from urllib.parse import urlsplit

from core.mapping.choices import match_cascade, match_choice
from core.mapping.filters import FilterError, text_of
from core.mapping.moments import EXAMPLES, parse_moment
from core.mapping.record import is_empty
from core.mapping.refusal import Refusal
from core.mapping.schema import MANY, FieldKind, TargetField
from core.mapping.values import Account, AllowedValue, Cascade, RichText, Value

Lookups = Mapping[str, str | None]
"""Account ids by what `lookup_key` gives for an e-mail; None where there is no active account."""

_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,2})?")
_TAG = re.compile(r"<[^<>]*>|&nbsp;|&#160;")


@dataclass(slots=True)
class CastContext:
    """What casting needs besides the value and the field; `notices` collects what was changed.

    One serves all fields of a record: `html` says for the field at hand how its source is written.
    """

    lookups: Lookups = field(default_factory=dict)
    time_zone: tzinfo = UTC
    html: bool = True
    notices: list[str] = field(default_factory=list)


def cast(value: Any, target: TargetField, context: CastContext) -> Value:  # noqa: ANN401 - any JSON
    """Give the neutral value of a field for a value that is not empty.

    Raises Refusal where the field cannot take it.
    """
    one = _CASTS[target.kind]
    if target.kind in MANY:
        items = value if isinstance(value, list) else [value]
        # The same choice twice is one choice.
        return tuple(dict.fromkeys(one(i, target, context) for i in items if not is_empty(i)))
    if isinstance(value, list) and target.kind not in _LISTS_WELCOME:
        items = [item for item in value if not is_empty(item)]
        if len(items) != 1:
            raise Refusal(
                f"the field takes one value and not {len(items)}",
                "choose one of them, such as by [0] at the end of the path",
            )
        value = items[0]
    return one(value, target, context)


def lookup_key(text: str) -> str:
    """Give the key under which `Lookups` holds an e-mail."""
    return text.strip().casefold()


def says_nothing(value: object, target: TargetField, *, html: bool) -> bool:
    """Say whether a value is empty for a field: HTML may be made of tags alone."""
    if html and target.kind is FieldKind.RICH_TEXT and isinstance(value, str):
        return is_empty(_TAG.sub("", value)) and "<img" not in value
    return is_empty(value)


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON
    try:
        return text_of(value)
    except FilterError as error:
        raise Refusal(str(error), "choose a text, or write a template around it") from None


def _fitted(text: str, target: TargetField, context: CastContext) -> str:
    limit = target.max_length
    if limit is None or len(text) <= limit:
        return text
    context.notices.append(f"the text was cut from {len(text):,} to {limit:,} characters")
    return f"{text[: limit - 1]}…" if limit > 1 else text[:limit]


def _long_text(value: Any, target: TargetField, context: CastContext) -> str:  # noqa: ANN401
    return _fitted(_text(value), target, context)


def _line(value: Any, target: TargetField, context: CastContext) -> str:  # noqa: ANN401
    text = _text(value)
    line = " ".join(text.split())
    if len(text.splitlines()) > 1:
        context.notices.append("the lines were joined into one")
    return _fitted(line, target, context)


def _rich_text(value: Any, _: TargetField, context: CastContext) -> RichText:  # noqa: ANN401
    return RichText(_text(value), html=context.html)


def _number(value: Any, _: TargetField, __: CastContext) -> int | float:  # noqa: ANN401
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        text = value.strip()
        value = int(text) if text.lstrip("+-").isdigit() else float(text)
    # A float overflows beyond 308 digits, which an integer of JSON may have.
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) >= 1e300:  # noqa: PLR2004
        raise Refusal(
            "this is not a number",
            "offer it as 1234.5: no separators, units or decimal commas, "
            "which mean different things in different countries",
        )
    if not math.isfinite(value):
        raise Refusal("this is not a finite number", "offer a number")
    return value


def _date(value: Any, _: TargetField, context: CastContext) -> date:  # noqa: ANN401
    moment = _moment(value)
    if not isinstance(moment, datetime):
        return moment
    context.notices.append("the field takes a day, so the time was left out")
    return _in_zone(moment, context).date()


def _datetime(value: Any, _: TargetField, context: CastContext) -> datetime:  # noqa: ANN401
    moment = _moment(value)
    if isinstance(moment, datetime):
        return _in_zone(moment, context)
    context.notices.append(f"the field takes a time, so midnight ({context.time_zone}) was added")
    return datetime.combine(moment, time(), context.time_zone)


def _moment(value: object) -> date | datetime:
    moment = parse_moment(value)
    if moment is None:
        raise Refusal("this is not a date", f"offer it as {EXAMPLES}")
    return moment


def _in_zone(moment: datetime, context: CastContext) -> datetime:
    """Give a moment in the rule's time zone, in which it also is where it names none."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=context.time_zone)
    try:
        return moment.astimezone(context.time_zone)
    except OverflowError:  # The first or the last day there is, moved over its edge.
        raise Refusal("this time does not exist", f"offer it as {EXAMPLES}") from None


def _choice(value: Any, target: TargetField, context: CastContext) -> AllowedValue:  # noqa: ANN401
    return match_choice(_text(value), target, target.choices, context.notices)


def _cascade(value: Any, target: TargetField, context: CastContext) -> Cascade:  # noqa: ANN401
    steps = [_text(step) for step in value] if isinstance(value, list) else _text(value)
    return match_cascade(steps, target, context.notices)


def _account(value: Any, _: TargetField, context: CastContext) -> Account:  # noqa: ANN401
    text = _text(value)
    account_id = context.lookups.get(lookup_key(text))
    if account_id:
        return Account(account_id)
    if "@" not in text:
        raise Refusal("this is not an e-mail address", "offer the e-mail of a person")
    raise Refusal(
        "no active account of the target has this e-mail",
        "invite or activate the person there, or give the field a fallback",
    )


def _label(value: Any, target: TargetField, context: CastContext) -> str:  # noqa: ANN401
    text = _text(value).strip()
    label = "_".join(text.split())
    if label != text:
        context.notices.append(f"a label has no blanks, so {text[:80]!r} became {label[:80]!r}")
    if target.max_length is not None and len(label) > target.max_length:
        raise Refusal(
            f"the label is {len(label):,} characters long, {target.max_length:,} are allowed",
            "shorten it by a template or a value map",
        )
    return label


def _url(value: Any, target: TargetField, _: CastContext) -> str:  # noqa: ANN401
    text = _text(value).strip()
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and not re.search(r"\s", text)
    except ValueError:
        good = False
    if not good:
        raise Refusal("this is not a web address", "offer it as https://example.com/page")
    if target.max_length is not None and len(text) > target.max_length:
        raise Refusal(
            f"the address is {len(text):,} characters long, {target.max_length:,} are allowed",
            "offer a shorter one: half an address leads nowhere",
        )
    return text


def _parent(value: Any, _: TargetField, __: CastContext) -> str:  # noqa: ANN401
    text = _text(value).strip()
    if len(text.split()) > 1:
        raise Refusal("this is not the key or id of a record", "offer one such as HR-42")
    return text


def _as_it_is(value: Any, _: TargetField, context: CastContext) -> Any:  # noqa: ANN401
    context.notices.append(
        "fields of this kind are not known here; the value is given on unchecked"
    )
    return value


_LISTS_WELCOME = frozenset(
    {FieldKind.LINE, FieldKind.TEXT, FieldKind.RICH_TEXT, FieldKind.CASCADE, FieldKind.UNKNOWN}
)
_CASTS: dict[FieldKind, Callable[[Any, TargetField, CastContext], Value]] = {
    FieldKind.LINE: _line,
    FieldKind.TEXT: _long_text,
    FieldKind.RICH_TEXT: _rich_text,
    FieldKind.NUMBER: _number,
    FieldKind.DATE: _date,
    FieldKind.DATETIME: _datetime,
    FieldKind.OPTION: _choice,
    FieldKind.OPTIONS: _choice,
    FieldKind.CASCADE: _cascade,
    FieldKind.USER: _account,
    FieldKind.USERS: _account,
    FieldKind.GROUP: _choice,
    FieldKind.GROUPS: _choice,
    FieldKind.LABELS: _label,
    FieldKind.COMPONENTS: _choice,
    FieldKind.VERSIONS: _choice,
    FieldKind.PRIORITY: _choice,
    FieldKind.URL: _url,
    FieldKind.PARENT: _parent,
    FieldKind.UNKNOWN: _as_it_is,
}
