"""The answering side of a command: run it, store what came of it, and only then signal."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import redis
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy.exc import SQLAlchemyError, StatementError

from core import commands
from core.commands import SOFT_TIME_LIMIT, TIME_LIMIT, Failure
from core.database import writing
from core.errors import (
    GatewayError,
    PayloadError,
    VendorError,
    VendorNotFoundError,
    VendorRejectedError,
)
from core.models import CommandFailure
from core.replies import signal

log = logging.getLogger(__name__)

COMMAND: dict[str, Any] = {
    "max_retries": 1,
    "soft_time_limit": SOFT_TIME_LIMIT,
    "time_limit": TIME_LIMIT,
}
"""What `@app.task` of every command is given: it is tried once more after a killed process."""

Work = Callable[[Mapping[str, Any]], object]
"""Takes the checked arguments and gives the reply as plain JSON."""


class CommandRefusedError(GatewayError):
    """There is no answer to these arguments; the message tells the caller why and what to do."""


def answer(request_id: str, work: Work) -> None:
    """Run a command and store its reply, or in words why there is none; then signal.

    Safe to run twice: what is answered is not run again, and the first answer stays. What should
    have begun before its caller stopped waiting is not run at all.
    """
    with writing() as session:
        arguments = commands.begin(session, request_id)
    if arguments is None:
        log.info("command_not_run")
        signal(request_id)
        return
    began = time.monotonic()
    outcome: Failure | object
    try:
        outcome = work(arguments)
    except Exception as error:
        # Whatever it was: somebody waits for an answer.
        outcome = failure_of(error)
        if outcome.kind is CommandFailure.UNFORESEEN:
            log.exception("command_broken")
    _store(request_id, outcome)
    signal(request_id)
    log.info(
        "command_run",
        extra={
            "failure": outcome.kind.value if isinstance(outcome, Failure) else None,
            "duration_ms": round((time.monotonic() - began) * 1000),
        },
    )


def _store(request_id: str, outcome: Failure | object) -> None:
    try:
        with writing() as session:
            commands.finish(session, request_id, outcome)
    except StatementError as error:
        # Such as a character that PostgreSQL keeps in no text. Who waits is told all the same; the
        # error's own text would repeat the answer in the log.
        log.error("reply_not_stored", extra={"error": type(error.orig or error).__name__})  # noqa: TRY400
        why = "The worker cannot store the answer; its log has the error, under this request's id."
        with writing() as session:
            commands.finish(session, request_id, Failure(CommandFailure.UNFORESEEN, why))


def failure_of(error: Exception) -> Failure:
    """Say what an error means to the caller. Pure."""
    kind = CommandFailure.VENDOR
    match error:
        case CommandRefusedError():
            kind, why = CommandFailure.REFUSED, str(error)
        case VendorNotFoundError() | VendorRejectedError():
            said = error.detail or "it has no such record, or does not show it to the gateway"
            kind = CommandFailure.REFUSED
            why = f"{error.vendor.capitalize()} refused the question: {said}"
        case VendorError():
            why = f"{error}. Ask again later; `igw doctor` says whether it accepts our log-in."
        case PayloadError():
            why = f"A vendor's answer could not be read: {error}. Ask again later."
        case SoftTimeLimitExceeded():
            why = f"There was no answer after {SOFT_TIME_LIMIT} s. Ask again later."
        case redis.RedisError() | SQLAlchemyError():
            kind = CommandFailure.UNFORESEEN
            why = "Redis or the database did not answer the worker. Ask again in a minute."
        case _:
            kind = CommandFailure.UNFORESEEN
            why = "The worker met an error nobody foresaw; its log has it, under this request's id."
    return Failure(kind, why)
