"""Commands: a caller asks, a worker answers, and the caller has the answer in the same request.

The routes come from the `domain.toml` files. Nobody waits longer than the settings say; an answer
that comes later can be fetched for ten minutes. A command that failed is no failure of this tier:
422 asks for another question, 502 for another try.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import redis
from flask import Blueprint, g, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from core import commands
from core.bulkhead import Bulkhead, BulkheadFullError
from core.clock import now
from core.command_specs import DomainCommand
from core.commands import Question
from core.database import reading, writing
from core.dispatch import publish
from core.domains import Domain, load_domains
from core.errors import GatewayError, PayloadError
from core.logs import current_request_id
from core.models import Command, CommandFailure, CommandState, Role
from core.replies import Replies, RepliesUnavailableError
from core.settings import get_settings
from core.webhooks import parse_json
from gateway.access import api_key_required
from gateway.webhooks import read_body

log = logging.getLogger(__name__)

LARGEST_BODY = 65_536
"""Bytes of arguments: ids and names need far fewer."""

WHEN_FULL = 2
"""Seconds after which a caller who found no place may ask again; most answers take less."""

WHEN_AWAY = 5
"""Seconds after which to ask again while Redis or the broker is away."""

_FAILED = {
    CommandFailure.REFUSED: (422, "refused"),
    CommandFailure.VENDOR: (502, "vendor_failed"),
    CommandFailure.UNFORESEEN: (502, "command_failed"),
    None: (502, "command_failed"),
}

_OVER = (CommandState.DONE, CommandState.FAILED, CommandState.EXPIRED)


@dataclass(frozen=True)
class Answer:
    """What a caller is told."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def error(cls, status: int, code: str, message: str, **headers: str) -> Answer:
        """Tell of an error in the API's one shape; `Retry_After` is a header."""
        body = {"error": code, "message": message, "request_id": current_request_id()}
        return cls(status, body, {k.replace("_", "-"): v for k, v in headers.items()})

    def about(self, command: Command) -> Answer:
        """Give the same under the id of a command that was asked in another request."""
        return Answer(self.status, {**self.body, "request_id": command.request_id}, self.headers)


class _NotPublishedError(GatewayError):
    """The broker did not take the message."""


def blueprint() -> Blueprint:
    """Give the routes of all commands that the domains declare, and the one of their results.

    All of them wait by one connection to Redis and within one bulkhead.
    """
    bp = Blueprint("commands", __name__)
    desk = Desk()
    for domain in load_domains():
        for command in domain.commands:
            bp.add_url_rule(
                f"/commands/{domain.name}/{command.name}",
                f"{domain.name}_{command.name}",
                api_key_required(command.role)(_asking(desk, domain, command)),
                methods=["POST"],
            )
    viewer = api_key_required(Role.VIEWER)
    bp.add_url_rule("/commands/<domain>/<command>", "unknown", viewer(_unknown), methods=["POST"])
    bp.add_url_rule("/commands/results/<request_id>", "result", viewer(_result))
    return bp


class Desk:
    """Where callers wait."""

    def __init__(self) -> None:
        self._seconds = get_settings().command_seconds
        self._replies = Replies()
        self._bulkhead = Bulkhead("commands", get_settings().command_callers)

    def ask(self, domain: Domain, command: DomainCommand) -> Answer:
        """Ask a command with the arguments of the request, and wait for what comes of it."""
        until = g.arrived + self._seconds
        request_id = current_request_id()
        try:
            # First of all: a body that does not come takes a thread as well.
            with self._bulkhead.admitted():
                arguments = _arguments(command)
                if time.monotonic() >= until:
                    return Answer.error(408, "request_timeout", "The body took too long to arrive.")
                row = self._publish_and_wait(domain, command, arguments, until)
        except RequestEntityTooLarge:
            message = f"The body may have {LARGEST_BODY} bytes at most."
            return Answer.error(413, "request_entity_too_large", message)
        except PayloadError as error:
            return Answer.error(400, "bad_arguments", f"The command was not run: {error}.")
        except BulkheadFullError:
            message = "As many callers as may wait are waiting already. Ask again in a moment."
            return Answer.error(503, "too_many_waiting", message, Retry_After=str(WHEN_FULL))
        except (RepliesUnavailableError, _NotPublishedError, redis.RedisError):
            message = "Redis or the broker does not answer, so no worker can be asked."
            return Answer.error(503, "unavailable", message, Retry_After=str(WHEN_AWAY))
        return answer_of(row) if row is not None else self._too_late(request_id)

    def _publish_and_wait(
        self, domain: Domain, command: DomainCommand, arguments: Mapping[str, Any], until: float
    ) -> Command | None:
        request_id = current_request_id()
        with (
            self._bulkhead.place(request_id, until),
            self._replies.expecting(request_id) as expected,
        ):
            deadline = now() + timedelta(seconds=until - time.monotonic())
            with writing() as session:
                commands.ask(
                    session,
                    Question(request_id, domain.name, command.name, arguments, g.caller, deadline),
                )
            if not publish(command.task, request_id, expires=max(until - time.monotonic(), 0)):
                with writing() as session:
                    commands.withdraw(session, request_id)
                raise _NotPublishedError
            return expected.wait(lambda: _finished(request_id), until)

    def _too_late(self, request_id: str) -> Answer:
        url = f"{get_settings().resolved_public_url}/commands/results/{request_id}"
        answer = Answer.error(
            504,
            "timeout",
            f"There was no answer within {self._seconds:g} s. It can be fetched under result_url "
            f"until {commands.KEEP // timedelta(minutes=1)} minutes after it came.",
        )
        return Answer(answer.status, {**answer.body, "result_url": url})


def answer_of(command: Command) -> Answer:
    """Tell a caller where a command stands, and what came of it."""
    state = commands.standing(command, now())
    match state:
        case CommandState.DONE:
            return Answer(200, {"request_id": command.request_id, "result": command.reply})
        case CommandState.FAILED:
            return Answer.error(*_FAILED[command.failure], command.error).about(command)
        case CommandState.EXPIRED:
            was = "was not run: no worker took it in time"
            if command.started_at is not None:
                was = "has no answer: the worker that ran it has died"
            return Answer.error(504, "expired", f"The command {was}. Ask again.").about(command)
    body = {"request_id": command.request_id, "state": state.value}
    return Answer(202, body, {"Retry-After": "1"})


def _arguments(command: DomainCommand) -> dict[str, Any]:
    given = parse_json(read_body(LARGEST_BODY))
    problems = command.problems(given)
    if problems or not isinstance(given, dict):
        raise PayloadError("; ".join(problems))
    return given


def _finished(request_id: str) -> Command | None:
    with reading() as session:
        row = commands.find(session, request_id)
    return row if row is not None and row.state in _OVER else None


def _asking(
    desk: Desk, domain: Domain, command: DomainCommand
) -> Callable[[], ResponseReturnValue]:
    def view() -> ResponseReturnValue:
        return _told(desk.ask(domain, command), f"{domain.name}.{command.name}")

    view.__doc__ = command.title
    return view


def _unknown(**_: str) -> ResponseReturnValue:
    names = [f"{known.name}/{one.name}" for known in load_domains() for one in known.commands]
    message = f"There is no such command. There are: {', '.join(names) or 'none'}."
    return _told(Answer.error(404, "unknown_command", message), "unknown")


def _result(request_id: str) -> ResponseReturnValue:
    with reading() as session:
        row = commands.find(session, request_id)
    # Whoever may not read an answer is not told that there is one either.
    if row is None or row.asked_by != g.caller:
        message = "There is no answer under this id, it is too old, or another key asked for it."
        return _told(Answer.error(404, "unknown_request", message), "result")
    return _told(answer_of(row), f"result of {row.domain}.{row.command}")


def _told(answer: Answer, command: str) -> ResponseReturnValue:
    log.info(
        "command_call",
        extra={
            "command": command,
            "caller": g.caller,
            "status": answer.status,
            "error": answer.body.get("error"),
            "duration_ms": round((time.monotonic() - g.arrived) * 1000),
        },
    )
    # An answer may hold personal data, which no cache on the way may keep.
    headers = {**answer.headers, "Cache-Control": "no-store"}
    return jsonify(answer.body), answer.status, headers
