"""Structured logs with one request id through all processes.

Every process logs the same way: see `core.log_queue` for why nobody waits for it,
`core.log_redaction` for what never stands in it, `core.log_stream` for the live view and
`core.log_seq` for Seq.

The id is made where work begins (a webhook, a tick of beat, a command), travels in Celery's
message headers and is on every line and every activity row that follows from it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import urlsplit
from uuid import uuid4

from pydantic import SecretStr

from core.environment import PREFIX
from core.log_lines import LineFormatter
from core.log_queue import BackgroundHandler, Sink, StderrSink
from core.log_redaction import Redact
from core.log_stream import StreamSink
from core.settings import Settings

_request_id: ContextVar[str] = ContextVar("request_id", default="")

NOISY = (
    *("kombu", "amqp", "urllib3", "werkzeug", "celery.bootsteps", "celery.utils.functional"),
    "alembic.runtime.plugins",
    # Each message sent, received and done: tens of thousands of lines a day with nothing to do.
    *("celery.beat", "celery.worker.strategy", "celery.app.trace"),
)


SPOOL_BYTES = 64_000_000
"""What ended processes may leave on the disk for Seq, all together."""


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


def process_name(otherwise: str) -> str:
    """Give the name by which supervisord or a container knows this process, else `otherwise`."""
    names = (os.environ.get(f"{PREFIX}PROCESS_NAME"), os.environ.get("SUPERVISOR_PROCESS_NAME"))
    return next((name for name in names if name), otherwise)


def configure_logging(process: str, settings: Settings) -> None:
    """Send this process's log to stderr, to Redis and, where one is set, to Seq.

    `process` names it on each line. Configure before or after a fork, and more than once, as you
    like: what was configured before is finished and replaced.
    """
    handler = BackgroundHandler(
        LineFormatter(process, Redact(_secrets(settings))), _sinks(settings)
    )
    handler.addFilter(_RequestIdFilter())
    root = logging.getLogger()
    for replaced in root.handlers:
        if isinstance(replaced, BackgroundHandler):
            replaced.close()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def finish_logging() -> None:
    """Write what waits, for a few seconds at most: for processes that end without Python's exit."""
    logging.shutdown()


def _sinks(settings: Settings) -> list[Sink]:
    sinks: list[Sink] = [
        StderrSink(as_json=settings.log_format == "json"),
        StreamSink(settings.resolved_redis_url),
    ]
    if settings.seq_url:
        # Imported where it is used: seqlog brings an HTTP library of some megabytes.
        from core.log_clef import ClefFormatter  # noqa: PLC0415
        from core.log_seq import SeqSink  # noqa: PLC0415
        from core.log_spool import Spool  # noqa: PLC0415

        key = settings.seq_api_key.get_secret_value() if settings.seq_api_key else ""
        spool = Spool(settings.data_dir / "logs" / "seq", SPOOL_BYTES)
        buffer_bytes = settings.seq_buffer_mb * 1_000_000
        sinks.append(SeqSink(settings.seq_url, key, ClefFormatter(), spool, buffer_bytes))
    return sinks


def _secrets(settings: Settings) -> set[str]:
    """Give the values that must never be seen: of secret settings, and what URLs hold of them."""
    found = {settings.peopleforce.api_key, settings.jira.api_token}
    for field in type(settings).model_fields:
        value = getattr(settings, field)
        found |= {one for one in (value if isinstance(value, tuple) else (value,)) if one}
    secrets = {one.get_secret_value() for one in found if isinstance(one, SecretStr)}
    urls = {one for one in secrets if "://" in one}
    parts = {
        part for url in urls for part in (urlsplit(url).password, urlsplit(url).path.strip("/"))
    }
    # Databases and Redis have ordinary URLs: only their passwords are secret.
    whole = {url for url in urls if url.startswith("http")}
    return {one for one in (secrets - urls) | whole | parts if one and not one.isdigit()}
