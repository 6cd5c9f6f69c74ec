"""The target's values, before a connector writes them as its vendor wants them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AllowedValue:
    """One value that a field offers; a cascade's values have children.

    `id` is empty where the target does not list a field's values: only the name is known then.
    """

    id: str
    name: str
    children: tuple[AllowedValue, ...] = ()


@dataclass(frozen=True)
class Cascade:
    """A choice in two steps; the second may be left open."""

    parent: AllowedValue
    child: AllowedValue | None = None


@dataclass(frozen=True)
class Account:
    """A user of the target, by the target's own id."""

    id: str


@dataclass(frozen=True)
class RichText:
    """A formatted text as the source has it: HTML, or plain text."""

    content: str
    html: bool


Value = Any
"""A field's neutral value; `FieldKind` says which of these types belongs to which kind.

`str`, `int | float`, `date`, `datetime` with a time zone, `RichText`, `AllowedValue`, `Cascade`,
`Account`, a tuple of one of them, or None for a field that is to be cleared.
"""
