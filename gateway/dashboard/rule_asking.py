"""Asking a worker what only Jira can tell, while the page asks now and then what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core import commands
from core.clock import now
from core.commands import Question
from core.database import reading, writing
from core.dispatch import publish
from core.logs import new_request_id
from core.models import Command, CommandState
from gateway.dashboard.rule_common import author
from gateway.dashboard.rule_world import DOMAIN

BEGUN_WITHIN = timedelta(seconds=25)
"""A worker that is there has long begun by then."""

NOBODY = (
    f"No worker took it up within {BEGUN_WITHIN.seconds} s. See whether the worker {DOMAIN} runs "
    "(Health, or `igw doctor`), then try again."
)


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


def ask(command: str, arguments: Mapping[str, Any]) -> Asked:
    """Have a worker answer a command of the domain; gives how to look for the answer."""
    request_id = new_request_id()
    question = Question(request_id, DOMAIN, command, arguments, author(), now() + BEGUN_WITHIN)
    with writing() as session:
        commands.ask(session, question)
    if publish(f"{DOMAIN}.{command}", request_id, expires=BEGUN_WITHIN.total_seconds()):
        return Asked(request_id)
    with writing() as session:
        commands.withdraw(session, request_id)
    return Asked(request_id, failure="The broker does not answer, so no worker can be asked.")


def look(request_id: str, command: str, arguments: Mapping[str, Any]) -> Asked | None:
    """Give what is known of an answer; None where this person never asked exactly that."""
    with reading() as session:
        row = commands.find(session, request_id) if request_id else None
    if row is None or (row.domain, row.command, row.asked_by) != (DOMAIN, command, author()):
        return None
    return _answer(row) if row.arguments == dict(arguments) else None


def asked(request_id: str, command: str, arguments: Mapping[str, Any]) -> Asked:
    """Give what is known of the answer to a question, which is asked if it was not."""
    return look(request_id, command, arguments) or ask(command, arguments)


def _answer(row: Command) -> Asked:
    match commands.standing(row, now()):
        case CommandState.DONE:
            return Asked(row.request_id, row.reply)
        case CommandState.FAILED:
            return Asked(row.request_id, failure=row.error)
        case CommandState.EXPIRED:
            return Asked(row.request_id, failure=NOBODY)
        case _:
            return Asked(row.request_id)
