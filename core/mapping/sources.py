"""Where the value of a target field comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from core.mapping.errors import RuleError
from core.mapping.filters import FilterError, text_of
from core.mapping.record import Reader, Record, RecordError, compile_path, is_empty, is_singular
from core.mapping.templates import Rendered, RenderError, compile_template

MAX_TABLE = 5_000
"""Entries of one value map."""


class Offered(NamedTuple):
    """What a source gives for one record, before it is fitted to the target."""

    value: Any
    constant: bool = False
    """The value is written in the rule, so no other record would offer another."""
    notices: tuple[str, ...] = ()
    problem: str = ""
    """Something stood there and could not be used; the value is then None."""


@dataclass(frozen=True)
class Static:
    """The same value for every record."""

    value: Any

    def offer(self, record: Record) -> Offered:  # noqa: ARG002 - one signature for all sources
        """Give the value."""
        return Offered(self.value, constant=True)


@dataclass(frozen=True)
class Path:
    """What a JSONPath selects; several values come as a list.

    Raises RuleError where the path is not one.
    """

    jsonpath: str
    _read: Reader = field(init=False, repr=False, compare=False)
    _singular: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "_read", compile_path(self.jsonpath))
            object.__setattr__(self, "_singular", is_singular(self.jsonpath))
        except RuleError as error:
            raise error.at("path") from None

    def offer(self, record: Record) -> Offered:
        """Give the value, or None where the path selects nothing."""
        try:
            values = self._read(record)
        except RecordError as error:
            return Offered(None, problem=str(error))
        if self._singular or len(values) <= 1:
            return Offered(values[0] if values else None)
        return Offered(values)


@dataclass(frozen=True)
class Template:
    """A text with placeholders; empty where none of its placeholders has a value.

    `strict` makes it empty where even one of them has none, so that a fallback is taken instead of
    `Onboard , starting`.

    Raises RuleError where the text is not a template.
    """

    text: str
    strict: bool = False
    _render: Callable[[Record], Rendered] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "_render", compile_template(self.text))
        except RuleError as error:
            raise error.at("template") from None

    def offer(self, record: Record) -> Offered:
        """Give the filled text; placeholders without a value are noted."""
        try:
            text, missing, nothing_found = self._render(record)
        except RenderError as error:
            return Offered(None, problem=f"the template cannot be filled: {error}")
        notices = (f"the record has nothing for {', '.join(missing)}",) if missing else ()
        if nothing_found or (self.strict and missing):
            return Offered(None, notices=notices)
        return Offered(text, notices=notices)


class _Refuse:
    """What a value map has for values that are not in its table, where nothing else is named."""

    def __repr__(self) -> str:
        return "REFUSE"


REFUSE = _Refuse()


@dataclass(frozen=True)
class ValueMap:
    """A table from the record's values to the target's: `Engineering -> 10012`.

    Keys are compared as text: exactly, and then trimmed and without regard to case. `otherwise` is
    for what the table does not have; without it such a value is a violation, since leaving it out
    would lose it. An entry of None leaves the field empty on purpose.

    Raises RuleError where the table is empty, too long or says two things about one text.
    """

    source: Path | Template
    table: Mapping[str, Any]
    otherwise: Any = REFUSE
    _folded: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.table or len(self.table) > MAX_TABLE:
            raise RuleError(
                f"the table has {len(self.table):,} entries",
                f"give it at least one and at most {MAX_TABLE:,}",
                "table",
            )
        folded: dict[str, str] = {}
        for key in self.table:
            other = folded.setdefault(_folded(key), key)
            if self.table[other] != self.table[key]:
                raise RuleError(
                    f"the entries {other!r} and {key!r} differ only in case or blanks, and have "
                    "different values",
                    "keep one of them",
                    "table",
                )
        object.__setattr__(self, "_folded", folded)

    def offer(self, record: Record) -> Offered:
        """Give what the table has for the record's value, item by item where that is a list."""
        offered = self.source.offer(record)
        if offered.problem or is_empty(offered.value):
            return offered
        notices = list(offered.notices)
        try:
            if not isinstance(offered.value, list):
                value = self._entry(offered.value, notices)
            else:
                entries = [self._entry(i, notices) for i in offered.value if not is_empty(i)]
                value = [entry for entry in entries if not is_empty(entry)]
        except (FilterError, LookupError) as error:
            return Offered(None, problem=str(error.args[0]), notices=tuple(notices))
        return Offered(value, constant=True, notices=tuple(notices))

    def _entry(self, value: Any, notices: list[str]) -> Any:  # noqa: ANN401 - any JSON
        text = text_of(value)
        if text in self.table:
            return self.table[text]
        key = self._folded.get(_folded(text))
        if key is not None:
            notices.append(f"{text!r} was taken for the table's entry {key!r}")
            return self.table[key]
        if self.otherwise is REFUSE:
            message = f"the table has no entry for {text[:80]!r}, and nothing for other values"
            raise LookupError(message)
        return self.otherwise


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


Source = Static | Path | Template | ValueMap


class WhenEmpty(StrEnum):
    """What becomes of a field for which no source has a value."""

    LEAVE_UNSET = "leave_unset"
    CLEAR = "clear"
    VIOLATION = "violation"


class TextFormat(StrEnum):
    """How the source of a rich text is written."""

    HTML = "html"
    PLAIN = "plain"


@dataclass(frozen=True)
class FieldMapping:
    """One target field and the sources of its value, tried in turn: the first with a value wins.

    `name` is what the field was called when it was mapped: should the target give it another id,
    the name finds it again.

    Raises RuleError where there is no source.
    """

    field_id: str
    sources: tuple[Source, ...]
    name: str = ""
    when_empty: WhenEmpty = WhenEmpty.LEAVE_UNSET
    text_format: TextFormat = TextFormat.HTML

    def __post_init__(self) -> None:
        if not self.field_id:
            raise RuleError("the target field is missing", "choose a field", "field")
        if not self.sources:
            raise RuleError("the field has no source", "say where its value comes from", "sources")

    def offer(self, record: Record, is_nothing: Callable[[object], bool] = is_empty) -> Offered:
        """Give the first value there is.

        A source whose value could not be used is passed over; only where no other has a value is
        its problem the answer, so that nothing the record has is lost unsaid.
        """
        notices: tuple[str, ...] = ()
        problem = ""
        for source in self.sources:
            offered = source.offer(record)
            if not offered.problem and not is_nothing(offered.value):
                return (
                    offered if not notices else offered._replace(notices=notices + offered.notices)
                )
            notices += offered.notices
            if offered.problem:
                problem = problem or offered.problem
                notices += (f"{offered.problem}; the next source was tried",)
        return Offered(None, notices=notices, problem=problem)
