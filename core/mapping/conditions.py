"""What a rule asks of a record before it takes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from core.mapping.errors import RuleError
from core.mapping.moments import EXAMPLES, parse_moment
from core.mapping.patterns import compile_glob, compile_pattern
from core.mapping.record import Reader, Record, RecordError, compile_path, is_empty

MAX_CHOICES = 1_000
"""Values that one `one_of` may list."""

Scalar = str | int | float | bool
Test = Callable[[Any], bool]
_SCALAR_TYPES = (str, int, float, bool)  # A tuple is tested faster than a union.


class Operator(StrEnum):
    """How a condition compares what its path selects; all text is compared as it is written.

    * `equals`, `one_of`: the same JSON value; `not_equals` is the exact opposite of `equals`, so
      a record without the value satisfies it
    * `contains`: the text has this part, or the list has this item
    * `glob`: the whole text, where `*` is any text and `?` one character
    * `regex`: anywhere in the text, in RE2's syntax; `(?i)` in front ignores case
    * `exists`: there is a value, and not an empty one; `empty` is the exact opposite
    * `before`, `after`: dates and times; where either has no time, the days are compared, and a
      time without an offset is UTC
    """

    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    ONE_OF = "one_of"
    CONTAINS = "contains"
    GLOB = "glob"
    REGEX = "regex"
    EXISTS = "exists"
    EMPTY = "empty"
    BEFORE = "before"
    AFTER = "after"


WITHOUT_VALUE = frozenset({Operator.EXISTS, Operator.EMPTY})


@dataclass(frozen=True)
class Condition:
    """One test of a record; where its path selects several values, one that passes is enough.

    Raises RuleError where the path, the operator or the value cannot be used.
    """

    path: str
    operator: Operator
    value: Scalar | tuple[Scalar, ...] | None = None
    _read: Reader = field(init=False, repr=False, compare=False)
    _test: Test = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "operator", _operator(self.operator))
        if self.operator is Operator.ONE_OF and isinstance(self.value, list):
            object.__setattr__(self, "value", tuple(self.value))
        try:
            object.__setattr__(self, "_read", compile_path(self.path))
        except RuleError as error:
            raise error.at("path") from None
        try:
            object.__setattr__(self, "_test", _test_for(self.operator, self.value))
        except RuleError as error:
            raise error.at("value") from None

    def holds(self, record: Record) -> bool:
        """Say whether the record passes.

        Raises RecordError where what stands there is of a kind that cannot be tested.
        """
        values = self._read(record)
        if self.operator is Operator.NOT_EQUALS:
            return not self._any(values)
        if self.operator is Operator.EMPTY:
            return is_empty(values)
        return self._any(values)

    def accepts(self, value: object) -> bool:
        """Say whether a record would pass where this one value stood at the path."""
        try:
            if self.operator is Operator.EMPTY:
                return is_empty(value)
            return self._any([value]) is not (self.operator is Operator.NOT_EQUALS)
        except RecordError:
            return False

    def _any(self, values: list[Any]) -> bool:
        trouble: RecordError | None = None
        for value in values:
            try:
                if self._test(value):
                    return True
            except RecordError as error:
                trouble = error
        if trouble is not None:
            message = f"{self}: {trouble}"
            raise RecordError(message)
        return False

    def __str__(self) -> str:
        if self.operator in WITHOUT_VALUE:
            return (
                f"{self.path} {'has a value' if self.operator is Operator.EXISTS else 'is empty'}"
            )
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        shown = ", ".join(repr(value) for value in values[:5])
        return f"{self.path} {self.operator.replace('_', ' ')} {shown}" + (
            f" and {len(values) - 5} more" if len(values) > 5 else ""  # noqa: PLR2004
        )


def _operator(name: str) -> Operator:
    try:
        return Operator(name)
    except ValueError:
        raise RuleError(
            f"there is no operator {name!r}", f"use one of {', '.join(Operator)}", "operator"
        ) from None


def _test_for(operator: Operator, value: Any) -> Test:  # noqa: ANN401 - checked here
    if operator in WITHOUT_VALUE:
        if value is not None:
            raise RuleError(f"{operator} takes no value", "leave the value out")
        return lambda found: not is_empty(found)
    if operator is Operator.ONE_OF:
        return _one_of(value)
    if not isinstance(value, Scalar):
        what = "no value" if value is None else f"a {type(value).__name__}"
        raise RuleError(
            f"{operator} has {what} to compare with",
            "give one text, number or true/false; for a missing value use the operator empty",
        )
    return _TESTS[operator](value)


def _one_of(values: Any) -> Test:  # noqa: ANN401 - checked here
    if not isinstance(values, tuple) or not values:
        raise RuleError("one_of has no list to compare with", "list the values that are accepted")
    if len(values) > MAX_CHOICES:
        raise RuleError(
            f"one_of lists {len(values):,} values, {MAX_CHOICES:,} are allowed", "use glob or regex"
        )
    if not all(isinstance(value, Scalar) for value in values):
        raise RuleError("one_of lists something else than texts and numbers", "list plain values")
    return _is_among(values)


def _equals(value: Scalar) -> Test:
    return _is_among((value,))


def _is_among(values: tuple[Scalar, ...]) -> Test:
    typed = {_typed(value) for value in values}
    texts = {_text(value) for value in values}

    def test(found: object) -> bool:
        if not isinstance(found, _SCALAR_TYPES):
            return False
        if _typed(found) in typed:
            return True
        if _text(found) in texts:
            raise RecordError(_other_type(found))
        return False

    return test


def _contains(value: Scalar) -> Test:
    item = _equals(value)

    def test(found: object) -> bool:
        if isinstance(found, str):
            return isinstance(value, str) and value in found
        if isinstance(found, list):
            return any(item(each) for each in found)
        return _nothing_or_unfit(found, "a text or a list")

    return test


def _glob(value: Scalar) -> Test:
    matches = compile_glob(_pattern_text(value))
    return lambda found: _matched(matches, found)


def _regex(value: Scalar) -> Test:
    search = compile_pattern(_pattern_text(value)).search
    return lambda found: _matched(lambda text: search(text) is not None, found)


def _matched(match: Callable[[str], bool], found: object) -> bool:
    if not isinstance(found, str):
        return _nothing_or_unfit(found, "a text")
    try:
        return match(found)
    except UnicodeEncodeError as error:
        message = "the record's text is not valid Unicode"
        raise RecordError(message) from error


def _before(value: Scalar) -> Test:
    limit = _limit(value)
    return lambda found: _ordered(found, limit) < 0


def _after(value: Scalar) -> Test:
    limit = _limit(value)
    return lambda found: _ordered(found, limit) > 0


def _limit(value: Scalar) -> date | datetime:
    limit = parse_moment(value)
    if limit is None:
        raise RuleError(f"{value!r} is not a date", f"write it as {EXAMPLES}")
    return limit


def _ordered(found: object, limit: date | datetime) -> int:
    """Give -1, 0 or 1 for earlier, the same or later; 0 where there is nothing to compare."""
    if is_empty(found):
        return 0
    moment = parse_moment(found)
    if moment is None:
        message = f"the record has {_shown(found)}, which is not a date such as {EXAMPLES}"
        raise RecordError(message)
    if isinstance(moment, datetime) and isinstance(limit, datetime):
        one, other = _aware(moment), _aware(limit)
    else:
        one, other = _day(moment), _day(limit)
    return (one > other) - (one < other)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _pattern_text(value: Scalar) -> str:
    if isinstance(value, str):
        return value
    raise RuleError(f"{value!r} is not a text", "write the pattern as a text")


def _typed(value: Scalar) -> tuple[bool, Scalar]:
    # Python holds True and 1 for equal; JSON does not.
    return isinstance(value, bool), value


def _text(value: Scalar) -> str:
    return str(value).casefold() if isinstance(value, bool) else str(value)


def _other_type(found: object) -> str:
    return (
        f"the record has the {'text' if isinstance(found, str) else 'value'} {_shown(found)}, "
        "which looks the same and is of another type; write the condition's value "
        f"{'in' if isinstance(found, str) else 'without'} quotation marks"
    )


def _nothing_or_unfit(found: object, wanted: str) -> bool:
    if found is None:
        return False
    message = f"the record has {_shown(found)}, which is not {wanted}"
    raise RecordError(message)


def _shown(found: object) -> str:
    return "an object" if isinstance(found, dict) else repr(found)[:80]


_TESTS: dict[Operator, Callable[[Any], Test]] = {
    Operator.EQUALS: _equals,
    Operator.NOT_EQUALS: _equals,
    Operator.CONTAINS: _contains,
    Operator.GLOB: _glob,
    Operator.REGEX: _regex,
    Operator.BEFORE: _before,
    Operator.AFTER: _after,
}
