"""What an admin is told when a record does not fit, or fits only with a change."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

MAX_SHOWN = 80
"""Characters of an offered value that a message repeats."""

_ALLOWED_SHOWN = 8
_CANDIDATES = 1_000
_WORD = re.compile(r"\w+")


class Blame(StrEnum):
    """What has to be mended."""

    RULE = "rule"  # No record, or no record with other values of this field, could do better.
    RECORD = "record"  # This record's value; the rule may be right for others.


@dataclass(frozen=True)
class Notice:
    """Something that was done to make a value fit, or that could not be evaluated."""

    rule: str
    text: str
    field_id: str = ""
    field_name: str = ""

    def __str__(self) -> str:
        return (
            f"Rule {self.rule!r}{placed(', field ', self.field_id, self.field_name)}: {self.text}"
        )


@dataclass(frozen=True)
class Violation:
    """Why no payload can be made: one field of one rule, in words for who writes rules.

    `offered` is the value as shown to people, empty where there was none; `allowed` holds a few of
    the `allowed_count` values there are.
    """

    rule: str
    field_id: str
    field_name: str
    problem: str
    remedy: str
    offered: str = ""
    allowed: tuple[str, ...] = ()
    allowed_count: int = 0
    nearest: str = ""
    blame: Blame = Blame.RECORD

    @property
    def words(self) -> str:
        """What is wrong and what to do, for a reader who knows of which rule and field."""
        parts = [f"{self.offered} was offered, but {self.problem}." if self.offered else ""]
        if not self.offered:
            parts.append(f"{self.problem[:1].upper()}{self.problem[1:]}.")
        if self.allowed:
            more = self.allowed_count - len(self.allowed)
            parts.append(f" Allowed: {', '.join(self.allowed)}{f' and {more} more' * (more > 0)}.")
        if self.nearest:
            parts.append(f" Nearest: {self.nearest}.")
        parts.append(f" To mend it: {self.remedy}.")
        return "".join(parts)

    def __str__(self) -> str:
        place = placed(", field ", self.field_id, self.field_name)
        return f"Rule {self.rule!r}{place}: {self.words}"


def shown(value: object) -> str:
    """Give a value as a message repeats it: as JSON, and not too long."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        text = repr(type(value))
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def few(names: Sequence[str]) -> tuple[str, ...]:
    """Give the first of many names: enough for a reader to see what kind of values they are."""
    return tuple(names[:_ALLOWED_SHOWN])


def nearest(text: str, names: Iterable[str], *, sure: bool = False) -> str:
    """Give the name that is most like a text, or nothing where none is like it.

    Like it is what is spelt nearly the same, or else what says the same in more or fewer words
    (`Lviv`, `Lviv office`). `sure` asks for more likeness, and for no second name that has it.
    """
    by_folded = {name.casefold(): name for name in islice(names, _CANDIDATES)}
    offered = text[:MAX_SHOWN].casefold()
    close = difflib.get_close_matches(offered, by_folded, n=2, cutoff=0.8 if sure else 0.6)
    if not close:
        words = set(_WORD.findall(offered))
        close = [it for it in by_folded if words and _says_the_same(words, it)]
        sure = True
    return by_folded[close[0]] if close and (len(close) == 1 or not sure) else ""


def _says_the_same(words: set[str], name: str) -> bool:
    others = set(_WORD.findall(name))
    return bool(others) and (words <= others or others <= words)


def placed(before: str, field_id: str, name: str) -> str:
    """Give a field as messages call it, after `before`; nothing where it is of no field."""
    if not field_id:
        return ""
    return f"{before}{name} ({field_id})" if name and name != field_id else f"{before}{field_id}"
