"""What a log line looks like: for machines as JSON, for a terminal as text."""

from __future__ import annotations

import copy
import json
import logging
import os
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from types import TracebackType
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from core.log_redaction import VENDORS_WORDS, Redact

LONGEST_VALUE = 2_000
LONGEST_EXCEPTION = 16_000
"""Characters of one field that are logged: much of what is logged was sent by strangers."""

_STANDARD = frozenset(vars(logging.makeLogRecord({})))
_OWN = frozenset({"at", "level", "process", "request_id"})
_NUMBERS = (int, float, bool, type(None))
_SCALARS = (str, *_NUMBERS)

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


@dataclass(frozen=True)
class Line:
    """One line of the log, redacted."""

    json: str

    @cached_property
    def fields(self) -> Mapping[str, Any]:
        """The line's fields: `at`, `level`, `event`, `request_id`, `process` and its own."""
        return json.loads(self.json)

    @cached_property
    def text(self) -> str:
        """The line for a terminal: the event, then its fields."""
        fields = dict(self.fields)
        at = datetime.fromisoformat(fields.pop("at")).astimezone()
        level, event = fields.pop("level"), fields.pop("event")
        exception = fields.pop("exc_info", None)
        for known in ("name", "process", "pid"):
            fields.pop(known)
        fields["request_id"] = fields.pop("request_id")  # Last: it is the longest.
        rest = "".join(f" {key}={_printable(value)}" for key, value in fields.items() if value)
        line = f"{at:%H:%M:%S} {level:<7} {_printable(event)}{rest}"
        return f"{line}\n{_indented(exception)}" if exception else line


class LineFormatter(JsonFormatter):
    """Makes redacted lines; `process` names the process on each."""

    def __init__(self, process: str, redact: Redact) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s",
            rename_fields={"asctime": "at", "levelname": "level", "message": "event"},
            static_fields={"process": process},
        )
        self._redact = redact

    def line(self, record: logging.LogRecord) -> Line:
        """Give the line of a settled record; one that cannot be written is named as such."""
        try:
            return Line(self.format(record))
        except Exception as error:  # noqa: BLE001 - whatever a value does, it must end here
            bad = logging.makeLogRecord(
                {"name": record.name, "levelname": record.levelname, "created": record.created}
            )
            bad.msg = "line_unreadable"
            bad.error = type(error).__name__
            return Line(self.format(bad))

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802
        """Give the time to the millisecond, in UTC."""
        moment = datetime.fromtimestamp(record.created, UTC)
        return moment.isoformat(timespec="milliseconds")

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Take out secrets and what is personal, and shorten what is long."""
        exception = log_data.get("exc_info")
        redacted = {
            key: value if key in _OWN or type(value) in _NUMBERS else self._of(key, value)
            for key, value in log_data.items()
        }
        if exception:
            lines = _middle_out(exception, 2 * LONGEST_EXCEPTION).split("\n")
            text = "\n".join(map(self._redact.text, lines))
            redacted["exc_info"] = _middle_out(text, LONGEST_EXCEPTION)
        return {**redacted, "pid": os.getpid()}

    def _of(self, key: str, value: Any) -> Any:  # noqa: ANN401 - whatever was logged
        if isinstance(value, str):
            # What the first cut tears apart, the second one takes away.
            value = _middle_out(value, 2 * LONGEST_VALUE)
        redacted = self._redact.field(key, value)
        if isinstance(redacted, str):
            return _middle_out(redacted, LONGEST_VALUE)
        if isinstance(redacted, dict | list) and len(str(redacted)) > LONGEST_VALUE:
            return _middle_out(json.dumps(redacted), LONGEST_VALUE)
        return redacted


def settled(record: logging.LogRecord) -> logging.LogRecord:
    """Give a copy of a record that nothing can change any more, for another thread to write.

    Message and traceback are written out, what vendors said is taken out of the traceback.
    """
    own = copy.copy(record)
    try:
        own.msg = record.getMessage()
    except Exception:  # noqa: BLE001 - wrong arguments for a message end nobody's request
        own.msg = f"{record.msg} {record.args!r}"
    own.args = None
    if record.exc_info and record.exc_info[1] is not None:
        own.exc_text = _traceback(record.exc_info)
    own.exc_info = None
    for key, value in vars(record).items():
        if key not in _STANDARD and type(value) not in _SCALARS:
            setattr(own, key, _plain(value))
    return own


def _traceback(exc_info: Any) -> str:  # noqa: ANN401 - logging's own union
    text = "".join(traceback.format_exception(*exc_info)).rstrip("\n")
    seen: set[int] = set()
    waiting: list[BaseException | None] = [exc_info[1]]
    while waiting:
        error = waiting.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        # A vendor's refusal may name people in words of its own.
        detail = getattr(error, "detail", "")
        if getattr(error, "status", None) and isinstance(detail, str) and detail:
            text = text.replace(detail, VENDORS_WORDS)
        waiting += [error.__cause__, error.__context__]
    return text


def _plain(value: Any, depth: int = 3) -> Any:  # noqa: ANN401 - whatever was logged
    if type(value) in _SCALARS:
        return value
    if depth and isinstance(value, Mapping):
        return {str(key): _plain(item, depth - 1) for key, item in list(value.items())[:50]}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, depth - 1) for item in list(value)[:50]]
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - as above
        return f"<{type(value).__name__}>"


def _middle_out(text: str, longest: int) -> str:
    """Shorten a text in the middle: a traceback tells most at its ends."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]} [... {len(text) - 2 * half} characters ...] {text[-half:]}"


def _printable(value: object) -> str:
    """Write out what could end the line or steer the terminal: some values come from strangers."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in str(value))


def _indented(text: str) -> str:
    # A line of a traceback that a stranger worded must not look like a line of the log.
    return "\n".join(f"    {_printable(line)}" for line in text.splitlines())
