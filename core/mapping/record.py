"""The source record: plain JSON, read by JSONPath (RFC 9535)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

import re2
from jsonpath_rfc9535 import JSONPathEnvironment
from jsonpath_rfc9535.exceptions import JSONPathError
from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction
from jsonpath_rfc9535.segments import JSONPathChildSegment
from jsonpath_rfc9535.selectors import FilterSelector, NameSelector

from core.errors import GatewayError
from core.mapping.errors import RuleError
from core.mapping.patterns import compile_pattern

Record = Mapping[str, Any]
Reader = Callable[[Record], list[Any]]

MAX_PATH_LENGTH = 300
"""Characters. The longest path a person writes by hand is far shorter."""

MAX_NODES = 1_000
"""Values that one path may select; a field or a condition is never about more."""

_PLAIN = re.compile(r"\$(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_BY_TEXT = re.compile(
    rf"(?P<list>{_PLAIN.pattern})\[\? ?@\.(?P<key>[A-Za-z_][A-Za-z0-9_]*) ?== ?"
    r"(?P<quote>['\"])(?P<text>[^'\"\\\x00-\x1f]*)(?P=quote) ?\]"
    r"(?P<rest>(?:\.[A-Za-z_][A-Za-z0-9_]*)*)"
)
_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")

# How often each may stand in one path. Every `..` visits the whole record once more for each value
# that it starts from, a filter may do so for each value it tests, and a union such as
# `['a','a']` doubles what the rest has to look at.
_COSTLY = {"..": 1, "?": 2, ",": 4}


class RecordError(GatewayError):
    """A path cannot be followed in one record; the message says why."""


def read(path: str, record: Record) -> list[Any]:
    """Give all values that a path selects, in the record's order; none is an empty list.

    A path is compiled once per process.

    Raises RuleError where the path is not JSONPath, and RecordError where it cannot be followed in
    this record.
    """
    return compile_path(path)(record)


def read_one(path: str, record: Record) -> Any:  # noqa: ANN401 - a record holds any JSON
    """Give the first value that a path selects, or None."""
    values = read(path, record)
    return values[0] if values else None


def is_singular(path: str) -> bool:
    """Say whether a path selects one value at most, whatever the record."""
    return bool(_PLAIN.fullmatch(path)) or _compiled(path).singular_query()


def leading_names(path: str) -> tuple[str, ...]:
    """Give the names below which lies all that a path reads: none where that may be anywhere.

    `$.a.b` and `$.a.b[*]..c` both read at `a`, `b` or below; `$..a` may read all of the record, and
    so may a filter that looks at it from the root.

    Raises RuleError where the path is not JSONPath.
    """
    if _PLAIN.fullmatch(path):
        return _names(path)
    segments = _compiled(path).segments
    selectors = [selector for segment in segments for selector in segment.selectors]
    if any(isinstance(it, FilterSelector) and "$" in str(it) for it in selectors):
        return ()
    names: list[str] = []
    for segment in segments:
        match segment:
            case JSONPathChildSegment(selectors=(NameSelector(name=name),)):
                names.append(name)
            case _:
                break
    return tuple(names)


def is_empty(value: object) -> bool:
    """Say whether a value says nothing: null, blank text, `{}`, or a list of such values.

    0 and false are values.
    """
    if isinstance(value, str):
        return not value or value.isspace()
    if not isinstance(value, list):
        return value is None or value == {}
    pending = list(value)
    while pending:
        item = pending.pop()
        if isinstance(item, list):
            pending.extend(item)
        elif not is_empty(item):
            return False
    return True


@lru_cache(maxsize=4096)
def compile_path(path: str) -> Reader:
    """Give the function that reads a path from a record.

    Names joined by dots, and a list's members chosen by one text, are followed directly: nearly
    all paths of rules are of these kinds, and it is ten times as fast as the general way.

    Raises RuleError where the path is not JSONPath, or could take too long on some record.
    """
    if len(path) > MAX_PATH_LENGTH:
        raise RuleError(
            f"the path is {len(path):,} characters long, {MAX_PATH_LENGTH} are allowed",
            "choose the value by a shorter path",
        )
    if _PLAIN.fullmatch(path):
        return _names_reader(_names(path))
    by_text = _BY_TEXT.fullmatch(path)
    if by_text:
        return _members_reader(by_text)
    query = _compiled(path)

    def read_query(record: Record) -> list[Any]:
        try:
            values = [node.value for node in islice(query.finditer(record), MAX_NODES + 1)]
        except (JSONPathError, RecursionError) as error:
            message = f"{path} cannot be followed: {_first_line(error)}"
            raise RecordError(message) from error
        return _within_limit(values, path)

    return read_query


def _within_limit(values: list[Any], path: str) -> list[Any]:
    if len(values) > MAX_NODES:
        message = f"{path} selects more than {MAX_NODES:,} values"
        raise RecordError(message)
    return values


def _names(path: str) -> tuple[str, ...]:
    return tuple(path.split(".")[1:])


def _names_reader(names: tuple[str, ...]) -> Reader:
    def read_names(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON
        for name in names:
            try:
                value = value[name]
            except (KeyError, TypeError):  # Not there, or not an object: JSONPath selects nothing.
                return []
        return [value]

    return read_names


def _members_reader(match: re.Match[str]) -> Reader:
    path, key, text = match[0], match["key"], match["text"]
    read_list, read_rest = (
        _names_reader(_names(match["list"])),
        _names_reader(_names(match["rest"])),
    )

    def read_members(record: Record) -> list[Any]:
        found: list[Any] = []
        for holder in read_list(record):
            # RFC 9535 tests the members of an object as it does those of a list.
            members = holder.values() if isinstance(holder, dict) else holder
            for member in members if isinstance(holder, dict | list) else ():
                if isinstance(member, dict) and member.get(key) == text:
                    found.extend(read_rest(member))
        return _within_limit(found, path)

    return read_members


@lru_cache(maxsize=4096)
def _compiled(path: str) -> Any:  # noqa: ANN401 - the library's query; its stubs are loose
    if not isinstance(path, str) or not path.startswith("$"):
        raise RuleError(
            f"{path!r} is not a path", "write it from the root of the record, such as $.title"
        )
    without_literals = _LITERAL.sub("", path)
    for sign, times in _COSTLY.items():
        if without_literals.count(sign) > times:
            raise RuleError(
                f"the path {path} has more than {times} times {sign!r}, which can take too long",
                "name the steps that lead to the value instead",
            )
    try:
        return _ENVIRONMENT.compile(path)
    except (JSONPathError, RecursionError) as error:
        raise RuleError(
            f"{path} is not a JSONPath: {_first_line(error)}",
            "write it as RFC 9535 has it, such as $.assigned_to.email or "
            "$.custom_fields[?@.name == 'Cost centre'].value",
        ) from error


class _LinearTimeRegex(FilterFunction):
    """`match` and `search` of RFC 9535, by an engine that no pattern can slow down.

    The library's own use a backtracking engine: a pattern such as `(a+)+$` would stop a worker.
    """

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012 - the library's form
    return_type = ExpressionType.LOGICAL

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole

    def __call__(self, text: object, pattern: object) -> bool:
        if not isinstance(text, str) or not isinstance(pattern, str):
            return False
        try:
            compiled = compile_pattern(pattern)
            return bool(compiled.fullmatch(text) if self._whole else compiled.search(text))
        except (RuleError, re2.error, UnicodeEncodeError):
            return False  # So RFC 9535 has it for what is not a regular expression.


class _Environment(JSONPathEnvironment):
    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        self.function_extensions["match"] = _LinearTimeRegex(whole=True)
        self.function_extensions["search"] = _LinearTimeRegex(whole=False)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0]


_ENVIRONMENT = _Environment()
