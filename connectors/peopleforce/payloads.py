"""What all answers of PeopleForce have in common, and their plain values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from core.errors import PayloadError

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def read_list(payload: object) -> tuple[list[Any], Mapping[str, Any]]:
    """Give the records and the pagination of a list's answer.

    `data` may be null when the list is empty; where it is missing, the answer is no list, and
    nothing can be said about what exists: `PayloadError`. The specification shows the pagination
    both inside `metadata.pagination` and right in `metadata`; the nested form is what is sent.
    """
    if not isinstance(payload, Mapping) or "data" not in payload:
        raise PayloadError("PeopleForce's answer is not a list: it has no `data`")
    records = payload["data"]
    if records is None:
        records = []
    if not isinstance(records, list):
        raise PayloadError("PeopleForce's answer is not a list: `data` is no array")
    metadata = payload.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    nested = metadata.get("pagination")
    return records, nested if isinstance(nested, Mapping) else metadata


def read_one(payload: object) -> object:
    """Give the record of a single answer, which is under `data` or bare."""
    if isinstance(payload, Mapping) and isinstance(payload.get("data"), Mapping):
        return payload["data"]
    return payload


def is_last_page(page: int, pages: int | None, *, empty: bool) -> bool:
    """Say whether nothing follows a page of a list that says to have `pages`, or does not say."""
    # Zero pages are reported by some empty lists, and one page was read to learn that.
    return empty or (pages is not None and page >= max(pages, 1))


def integer(value: object) -> int | None:
    """Give a whole number, also one that is written as a text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return None


def text(value: object) -> str | None:
    """Give a string of JSON; what no database takes, U+0000 and half character pairs, is marked.

    JSON may hold either as an escape. Refused later, such a text would end every poll.
    """
    return _UNSTORABLE.sub("\ufffd", value) if isinstance(value, str) else None


def storable(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Give a value of JSON as it is, but for what no database takes: see `text`.

    NaN and the infinities, which are no JSON and are read as such all the same, become None.
    """
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {text(key): storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    return value
