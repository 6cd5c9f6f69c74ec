"""Questions that pages ask of workers: asked in one request, looked for in the next ones.

No page waits for a vendor. A fragment says that a worker is at it, and asks again until the answer
is there; the row in the database is the same that a command over HTTP has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import g

from core import commands
from core.clock import now
from core.commands import Question
from core.database import reading, writing
from core.dispatch import publish
from core.logs import new_request_id
from core.models import Command, CommandState

BEGUN_WITHIN = timedelta(seconds=60)
"""A worker that is there has begun by then; afterwards nobody looks for the answer any more."""


@dataclass(frozen=True)
class Asked:
    """A question, and as much as is known of its answer.

    `reply` is None while there is none; `failure` says in words why there will be none.
    """

    request_id: str
    reply: Any = None
    failure: str = ""

    @property
    def pending(self) -> bool:
        """Say whether an answer may still come."""
        return self.reply is None and not self.failure


def ask(domain: str, command: str, arguments: Mapping[str, Any]) -> Asked:
    """Have a worker answer a question, on behalf of the person who is logged in.

    `command` is one of the domain's commands, or another of its awaited tasks without the domain's
    name before it; those take what no caller over HTTP could send, such as a whole rule.
    """
    request_id = new_request_id()
    question = Question(request_id, domain, command, arguments, g.user.email, now() + BEGUN_WITHIN)
    with writing() as session:
        commands.ask(session, question)
    if publish(f"{domain}.{command}", request_id, expires=BEGUN_WITHIN.total_seconds()):
        return Asked(request_id)
    with writing() as session:
        commands.withdraw(session, request_id)
    return Asked(
        request_id, failure="The broker does not answer, so no worker can be asked. See Health."
    )


def look(request_id: str) -> Asked:
    """Give what is known of an answer; only who asked the question is told."""
    row = _find(request_id)
    if row is None:
        return Asked(request_id, failure="This answer is too old to be shown. Ask again.")
    return _answer(row)


def known(request_id: str, domain: str, command: str, arguments: Mapping[str, Any]) -> Asked | None:
    """Give what is known of an answer; None where this person never asked exactly that."""
    row = _find(request_id)
    if row is None or (row.domain, row.command, row.arguments) != (domain, command, arguments):
        return None
    return _answer(row)


def ask_once(request_id: str, domain: str, command: str, arguments: Mapping[str, Any]) -> Asked:
    """Give what is known of the answer to a question, which is asked if it was not."""
    return known(request_id, domain, command, arguments) or ask(domain, command, arguments)


def _find(request_id: str) -> Command | None:
    with reading() as session:
        row = commands.find(session, request_id) if request_id else None
    return row if row is not None and row.asked_by == g.user.email else None


def _answer(row: Command) -> Asked:
    match commands.standing(row, now()):
        case CommandState.DONE:
            return Asked(row.request_id, row.reply)
        case CommandState.FAILED:
            return Asked(row.request_id, failure=row.error)
        case CommandState.EXPIRED:
            words = (
                f"No worker took it up within {BEGUN_WITHIN.seconds} s. See on the health page "
                f"whether the worker {row.domain}-commands runs, then ask again."
            )
            return Asked(row.request_id, failure=words)
    return Asked(row.request_id)
