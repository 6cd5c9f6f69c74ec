"""Structured logs with one request id through all processes.

The id is made where work begins (a webhook, a tick of beat, a command), travels in Celery's
message headers and is on every line and every activity row that follows from it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal
from uuid import uuid4

from pythonjsonlogger.json import JsonFormatter

_request_id: ContextVar[str] = ContextVar("request_id", default="")

NOISY = (
    *("kombu", "amqp", "urllib3", "werkzeug", "celery.bootsteps", "celery.utils.functional"),
    # Each message sent, received and done: tens of thousands of lines a day with nothing to do.
    *("celery.beat", "celery.worker.strategy", "celery.app.trace"),
)


def new_request_id() -> str:
    """Make an id for a new piece of work."""
    return uuid4().hex


def current_request_id() -> str:
    """Give the id of the work that is going on; empty outside any."""
    return _request_id.get()


def bind_request_id(request_id: str) -> None:
    """Put `request_id` on everything logged from here on; empty ends it."""
    _request_id.set(request_id)


@contextmanager
def request_id_bound(request_id: str) -> Generator[None]:
    """Put `request_id` on everything logged inside the block."""
    token = _request_id.set(request_id)
    try:
        yield
    finally:
        _request_id.reset(token)


class _RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _request_id.get()
        return True


class _TextFormatter(logging.Formatter):
    """A line for a terminal: the event, then its fields."""

    def format(self, record: logging.LogRecord) -> str:
        known = logging.makeLogRecord({}).__dict__.keys() | {"message", "asctime"}
        fields = " ".join(
            f"{key}={_printable(value)}"
            for key, value in record.__dict__.items()
            if key not in known and value
        )
        line = f"{self.formatTime(record, '%H:%M:%S')} {record.levelname:<7} {record.getMessage()}"
        line = f"{line} {fields}" if fields else line
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _printable(value: object) -> str:
    """Write out what could end the line or steer the terminal: some values come from strangers."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in str(value))


def configure_logging(process: str, level: str, log_format: Literal["json", "text"]) -> None:
    """Send this process's log to stderr, a line per event; `process` names it on each line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_RequestIdFilter())
    if log_format == "json":
        handler.setFormatter(
            JsonFormatter(
                "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s",
                rename_fields={"asctime": "at", "levelname": "level", "message": "event"},
                static_fields={"process": process},
                datefmt="%Y-%m-%dT%H:%M:%S%z",
            )
        )
    else:
        handler.setFormatter(_TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
