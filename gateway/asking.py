"""Questions that pages ask of workers: asked in one request, looked for in the next ones.

No page waits for a vendor. A fragment says that a worker is at it, and asks again until the answer
is there; the row in the database is the same that a command over HTTP has.
"""

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
from core.domains import get_domain
from core.logs import new_request_id
from core.models import Command, CommandState

PATIENCE = timedelta(seconds=60)
"""How long a question may wait for a worker before it is not worth asking any more."""


@dataclass(frozen=True)
class Reply:
    """Where a question stands: still open, answered, or failed with words for people."""

    waiting: bool = False
    result: Any = None
    error: str = ""


def ask(domain: str, command: str, arguments: Mapping[str, Any], asked_by: str) -> str | None:
    """Ask a worker, and give the id by which to look for the answer; None while the broker is away.

    Raises `ValueError` with everything that is wrong with the arguments.
    """
    spec = next(one for one in get_domain(domain).commands if one.name == command)
    problems = spec.problems(arguments)
    if problems:
        raise ValueError("; ".join(problems))
    request_id = new_request_id()
    with writing() as session:
        commands.ask(
            session, Question(request_id, domain, command, arguments, asked_by, now() + PATIENCE)
        )
    if publish(spec.task, request_id, expires=PATIENCE.total_seconds()):
        return request_id
    with writing() as session:
        commands.withdraw(session, request_id)
    return None


def look(request_id: str, asked_by: str) -> Reply:
    """Say where a question stands; only who asked it is told."""
    with reading() as session:
        row = commands.find(session, request_id)
    if row is None or row.asked_by != asked_by:
        return Reply(error="This answer is too old to be shown. Ask again.")
    return _reply(row)


def _reply(row: Command) -> Reply:
    match commands.standing(row, now()):
        case CommandState.DONE:
            return Reply(result=row.reply)
        case CommandState.FAILED:
            return Reply(error=row.error)
        case CommandState.EXPIRED:
            return Reply(error="No worker answered in time. See Health, then ask again.")
    return Reply(waiting=True)
