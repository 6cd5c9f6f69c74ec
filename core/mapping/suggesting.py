"""What a rule can read of records, as suggestions for whoever writes one. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from core.mapping.moments import parse_moment
from core.mapping.record import Record

DEPTH = 4
MOST = 300
"""Paths; a record with more of them is not one that a person reads through."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def known_paths(records: Iterable[Record]) -> dict[str, str]:
    """Give the paths at which some records have values, and in a word what stands there."""
    found: dict[str, str] = {}
    for record in records:
        _collect(record, "$", found, DEPTH)
    return dict(sorted(found.items())[:MOST])


def _collect(value: Mapping[str, Any], path: str, found: dict[str, str], depth: int) -> None:
    for key, item in value.items():
        quoted = key.replace("\\", "\\\\").replace("'", "\\'")
        here = f"{path}.{key}" if _NAME.fullmatch(key) else f"{path}['{quoted}']"
        if isinstance(item, Mapping) and item and depth:
            _collect(item, here, found, depth - 1)
        elif found.get(here, "") in ("", _EMPTY):
            found[here] = _kind(item)


_EMPTY = "empty so far"


def _kind(value: object) -> str:
    if value is None or value == "":
        return _EMPTY
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return "a date" if parse_moment(value) is not None else "a text"
    return "an object"
