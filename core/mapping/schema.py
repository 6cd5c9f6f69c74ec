"""What a target takes: its fields, their kinds and their allowed values, in neutral words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from core.mapping.values import AllowedValue, Value


class FieldKind(StrEnum):
    """What a field holds, and the type of its neutral value."""

    LINE = "line"  # str without line breaks
    TEXT = "text"  # str
    RICH_TEXT = "rich_text"  # RichText
    NUMBER = "number"  # int | float
    DATE = "date"  # date
    DATETIME = "datetime"  # datetime with a time zone
    OPTION = "option"  # AllowedValue
    OPTIONS = "options"  # tuple of AllowedValue; checkboxes, too
    CASCADE = "cascade"  # Cascade
    USER = "user"  # Account
    USERS = "users"  # tuple of Account
    GROUP = "group"  # AllowedValue
    GROUPS = "groups"  # tuple of AllowedValue
    LABELS = "labels"  # tuple of str without blanks
    COMPONENTS = "components"  # tuple of AllowedValue
    VERSIONS = "versions"  # tuple of AllowedValue
    PRIORITY = "priority"  # AllowedValue
    URL = "url"  # str
    PARENT = "parent"  # str: the id or key of another record of the target
    UNKNOWN = "unknown"  # JSON, given on as it is


MANY = frozenset(
    {
        FieldKind.OPTIONS, FieldKind.USERS, FieldKind.GROUPS, FieldKind.LABELS,
        FieldKind.COMPONENTS, FieldKind.VERSIONS,
    }
)  # fmt: skip
"""The kinds that hold several values."""

PEOPLE = frozenset({FieldKind.USER, FieldKind.USERS})
"""The kinds that hold people, who are found by e-mail and not by the schema."""

CHOICES = frozenset(
    {
        FieldKind.OPTION, FieldKind.OPTIONS, FieldKind.CASCADE, FieldKind.PRIORITY,
        FieldKind.GROUP, FieldKind.GROUPS, FieldKind.COMPONENTS, FieldKind.VERSIONS,
    }
)  # fmt: skip
"""The kinds whose values are chosen from a list."""


@dataclass(frozen=True)
class TargetField:
    """One field of the target.

    `allowed` is None where the target lists no values (a free text, or a search box): then only the
    target itself can refuse one. `max_length` is in characters, of the text or of each label.
    """

    id: str
    name: str
    kind: FieldKind
    required: bool = False
    has_default: bool = False
    settable: bool = True
    allowed: tuple[AllowedValue, ...] | None = None
    max_length: int | None = None
    default: Value = None

    @property
    def must_be_filled(self) -> bool:
        """Say whether a record without this field is refused."""
        return self.required and not self.has_default

    @cached_property
    def choices(self) -> Choices:
        """The allowed values, ready to be looked up; empty where the target lists none."""
        return Choices(self.allowed or ())

    def __str__(self) -> str:
        return f"{self.name} ({self.id})" if self.name and self.name != self.id else self.id


class Choices:
    """Allowed values by id, by name, and by name without regard to case and blanks."""

    def __init__(self, values: Iterable[AllowedValue]) -> None:
        self.values = tuple(values)
        self.by_id = {value.id: value for value in self.values}
        self.by_name: dict[str, list[AllowedValue]] = {}
        self.by_folded_name: dict[str, list[AllowedValue]] = {}
        for value in self.values:
            self.by_name.setdefault(value.name, []).append(value)
            self.by_folded_name.setdefault(folded(value.name), []).append(value)


@dataclass(frozen=True)
class TargetSchema:
    """The fields that one kind of record takes; `target` is its name for people (`HR, Task`)."""

    target: str
    fields: Mapping[str, TargetField]

    @cached_property
    def must_be_filled(self) -> tuple[TargetField, ...]:
        """The fields without which a record is refused."""
        return tuple(field for field in self.fields.values() if field.must_be_filled)

    @cached_property
    def ids_by_folded_name(self) -> dict[str, list[str]]:
        """The ids of the fields that have a name; names need not be unique."""
        ids: dict[str, list[str]] = {}
        for field in self.fields.values():
            ids.setdefault(folded(field.name), []).append(field.id)
        return ids


def folded(name: str) -> str:
    """Give a name without regard to case and to how many blanks are where."""
    return " ".join(name.split()).casefold()
