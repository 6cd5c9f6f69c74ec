"""The filters and tests of templates: each bounded in what it gives, and none that can fail oddly.

They have the names and meanings of Jinja2's own, so its documentation helps; Jinja2's own are not
used because several can be made to give any amount of text (`center`, `replace`, chained `join`).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from jinja2 import Undefined

from core.mapping.moments import EXAMPLES, parse_moment
from core.mapping.record import is_empty

MAX_TEXT = 100_000
"""Characters that a template, or any step in it, may come to."""

_TAG = re.compile(r"<[^<>]*>")
_DATE_PART = re.compile(r"%(.?)")


class FilterError(Exception):
    """A filter cannot work on what it was given; the message says why."""


def text_of(value: Any) -> str:  # noqa: ANN401 - any JSON
    """Give the text that a value prints as: nothing for nothing, lists joined by commas.

    Raises FilterError for an object: nobody wants its curly brackets in an issue.
    """
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, Undefined):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return join([item for item in value if not is_empty(item)], ", ")
    if isinstance(value, Mapping):
        parts = ", ".join(list(value)[:6])
        message = f"this is an object and not a text; name one of its parts ({parts})"
        raise FilterError(message)
    message = f"a {type(value).__name__} is not a text"
    raise FilterError(message)


def bounded(text: str) -> str:
    """Give the text, or raise FilterError where it is longer than a template's may be."""
    if len(text) > MAX_TEXT:
        message = f"the text is {len(text):,} characters long, {MAX_TEXT:,} are allowed"
        raise FilterError(message)
    return text


def join(values: Any, separator: Any = "") -> str:  # noqa: ANN401 - any JSON
    """Join the items of a list; a single value is itself."""
    if not isinstance(values, list):
        return text_of(values)
    if any(isinstance(item, list) for item in values):
        message = "this is a list of lists; choose one of its parts"
        raise FilterError(message)
    texts, between = [text_of(item) for item in values], text_of(separator)
    length = sum(map(len, texts)) + len(between) * len(texts)
    if length > MAX_TEXT:
        message = f"the joined text would be {length:,} characters long, {MAX_TEXT:,} are allowed"
        raise FilterError(message)
    return between.join(texts)


def _replace(value: Any, old: str, new: str) -> str:  # noqa: ANN401 - any JSON
    text, old, new = text_of(value), text_of(old), text_of(new)
    if not old:
        message = "replace needs a text to look for"
        raise FilterError(message)
    length = len(text) + text.count(old) * (len(new) - len(old))
    if length > MAX_TEXT:
        message = f"the replaced text would be {length:,} characters long, {MAX_TEXT:,} are allowed"
        raise FilterError(message)
    return text.replace(old, new)


def _truncate(value: Any, length: Any = 80) -> str:  # noqa: ANN401 - any JSON
    text = text_of(value)
    if not isinstance(length, int) or length < 1:
        message = "truncate needs a length of at least 1"
        raise FilterError(message)
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def _default(value: Any, instead: Any = "", boolean: Any = None) -> Any:  # noqa: ANN401, ARG001
    # Jinja2 tells "not there" from "there and empty" by `boolean`; nobody who fills a form does.
    return instead if isinstance(value, Undefined) or is_empty(value) else value


def _at(index: int) -> Callable[[Any], Any]:
    def item(value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, str | list):
            return value[index] if value else None
        return value if not isinstance(value, Undefined) else None

    return item


def _length(value: Any) -> int:  # noqa: ANN401 - any JSON
    return len(value) if isinstance(value, str | list | Mapping) else 0


def _map(values: Any, attribute: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    """Give one part of each item: `map(attribute='name')`."""
    if not isinstance(values, list):
        return []
    for step in text_of(attribute).split("."):
        values = [item.get(step) if isinstance(item, Mapping) else None for item in values]
    return values


def _date(value: Any, form: Any = "%d.%m.%Y") -> str:  # noqa: ANN401 - any JSON
    """Write a date in another form; of `strftime` only %d %m %Y %y %H %M, which cannot grow."""
    if isinstance(value, Undefined) or is_empty(value):
        return ""
    moment = parse_moment(value)
    if moment is None:
        message = f"{text_of(value)[:80]!r} is not a date such as {EXAMPLES}"
        raise FilterError(message)
    hour, minute = (moment.hour, moment.minute) if isinstance(moment, datetime) else (0, 0)
    parts = {"d": f"{moment.day:02}", "m": f"{moment.month:02}", "Y": f"{moment.year:04}",
             "y": f"{moment.year % 100:02}", "H": f"{hour:02}", "M": f"{minute:02}"}  # fmt: skip

    def part(match: re.Match[str]) -> str:
        if match[1] not in parts:
            message = f"date does not know {match[0]}; it knows %{', %'.join(parts)}"
            raise FilterError(message)
        return parts[match[1]]

    return _DATE_PART.sub(part, text_of(form))


def _of_text(change: Callable[[str], str]) -> Callable[[Any], str]:
    return lambda value: bounded(change(text_of(value)))


FILTERS: dict[str, Callable[..., Any]] = {
    "capitalize": _of_text(str.capitalize),
    "date": _date,
    "default": _default,
    "escape": _of_text(html.escape),
    "first": _at(0),
    "join": join,
    "last": _at(-1),
    "length": _length,
    "lower": _of_text(str.lower),
    "map": _map,
    "replace": _replace,
    "striptags": _of_text(lambda text: html.unescape(_TAG.sub(" ", text)).strip()),
    "title": _of_text(str.title),
    "trim": _of_text(str.strip),
    "truncate": _truncate,
    "upper": _of_text(str.upper),
}

TESTS: dict[str, Any] = {
    "defined": lambda value: not isinstance(value, Undefined) and value is not None,
    "empty": lambda value: isinstance(value, Undefined) or is_empty(value),
}
