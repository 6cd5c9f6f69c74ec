"""What callers are told while the database takes nothing: locked, full, read-only or away.

They are not at fault, and the same may work later: an honest 503, in bounded time, so that senders
of webhooks come again. Nothing is accepted that was not written down.
"""

from __future__ import annotations

import logging

import redis
from flask import Flask, g, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from core import liveness
from core.database import DatabaseUnavailableError, unavailability
from gateway import refusal_log

log = logging.getLogger(__name__)

RETRY_AFTER = 30
"""Seconds after which to send again: a disk is not made larger in less."""


def register(app: Flask) -> None:
    """Have the app answer so, whatever view met it."""
    for error in (DatabaseUnavailableError, OperationalError, PoolTimeoutError):
        app.register_error_handler(error, _answer)


def _answer(error: Exception) -> ResponseReturnValue:
    why = unavailability(error) or str(error)
    if refusal_log.note("database_unavailable", "database_unavailable", why=why, path=request.path):
        _have_people_told(why)
    answer = jsonify(
        error="database_unavailable",
        message="The gateway's database takes nothing at the moment. Send the same again later.",
        request_id=g.request_id,
    )
    answer.headers["Retry-After"] = str(RETRY_AFTER)
    return answer, 503


def _have_people_told(why: str) -> None:
    """Leave word with Redis: an alert is a row, which could not be written now."""
    try:
        liveness.note_store_refused(why)
    except redis.RedisError as error:
        log.warning("store_trouble_not_noted", extra={"error": type(error).__name__})
