"""Example records that are kept with a rule, and what is expected of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.mapping.reading import DocumentReader, place
from core.mapping.record import Record

REFUSED, PASSED_OVER = "refused", "passed over"

_KEYS = ("name", "record", "expect")
_WAYS = f"write a table of field ids and values, {REFUSED}, or {PASSED_OVER}"


@dataclass(frozen=True)
class Taken:
    """The rule takes the record, and these fields come out; fields not named are not compared.

    Values are as people write them: an option's name, a person's e-mail, a date as text. None is a
    field that is left unset or cleared.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """The rule takes the record, and no payload can be made: because of this field, if named."""

    field_id: str = ""


@dataclass(frozen=True)
class LeftAlone:
    """The rule's conditions do not take the record."""


Expectation = Taken | Refused | LeftAlone


@dataclass(frozen=True)
class Example:
    """One record, in part or as a whole, and what is expected of the rule for it."""

    name: str
    record: Record
    expect: Expectation

    @property
    def asks_for_fields(self) -> bool:
        """Say whether it expects anything of fields, which only a rule that writes any can meet."""
        match self.expect:
            case Taken(fields):
                return bool(fields)
            case Refused():
                return True
            case LeftAlone():
                return False


def dump_example(example: Example) -> dict[str, Any]:
    """Give an example's part of its rule's document."""
    match example.expect:
        case Taken(fields):
            expect: Any = dict(fields)
        case Refused(field_id):
            expect = {REFUSED: field_id} if field_id else REFUSED
        case LeftAlone():
            expect = PASSED_OVER
    return {"name": example.name, "record": dict(example.record), "expect": expect}


def parse_example(reader: DocumentReader, document: Mapping[str, Any], part: str) -> Example | None:
    """Give the example that a part of a rule's document is, or None where it is refused."""
    reader.keys(document, _KEYS, part)
    name = reader.typed(document, "name", str, None, part)
    if name == "":
        reader.refuse("the example has no name", "give it one", place(part, "name"))
    record = reader.typed(document, "record", dict, None, part)
    if record is not None and not _is_json(record):
        reader.refuse(
            "this is not plain JSON",
            "put keys and dates in quotation marks",
            place(part, "record"),
        )
        record = None
    expect = _expectation(reader, document, place(part, "expect"))
    if not name or record is None or expect is None:
        return None
    return Example(name, record, expect)


def _expectation(
    reader: DocumentReader, document: Mapping[str, Any], part: str
) -> Expectation | None:
    if "expect" not in document:
        reader.refuse("it is missing", _WAYS, part)
        return None
    match document["expect"]:
        case "refused":
            return Refused()
        case "passed over":
            return LeftAlone()
        case {"refused": str(field_id), **others} if not others:
            return Refused(field_id)
        case dict(fields) if _is_json(fields):
            return Taken(fields)
        case dict():
            reader.refuse(
                "this is not plain JSON", "put field ids and dates in quotation marks", part
            )
        case other:
            reader.refuse(f"{other!r:.80} is not an expectation", _WAYS, part)
    return None


def _is_json(value: object) -> bool:
    """Say whether JSON can hold a value: YAML also knows dates, and keys that are numbers."""
    try:
        return json.loads(json.dumps(value, allow_nan=False)) == value
    except (TypeError, ValueError, RecursionError):
        return False
