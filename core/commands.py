"""Commands as they are stored: asked, begun, answered, and forgotten after ten minutes.

The row is there before the message that carries its id, and the answer is there before the signal
that says so. Whatever is lost between two processes, the row tells where a command stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from core.clock import now
from core.models import Command, CommandFailure, CommandState

KEEP = timedelta(minutes=10)
"""How long an answer can be read after it was given; it may hold personal data."""

SOFT_TIME_LIMIT = 40
"""Seconds after which a command is interrupted. Its caller has gone at 25; until then the answer
may still be fetched, but a worker is there for other work, too."""

TIME_LIMIT = 50
"""Seconds after which the process of a command is killed."""

LONGEST_RUN = timedelta(seconds=TIME_LIMIT + 10)
"""Who has run for longer runs no more."""

_OPEN = (CommandState.WAITING, CommandState.RUNNING)


@dataclass(frozen=True)
class Question:
    """A command as its caller asks it, with checked arguments."""

    request_id: str
    domain: str
    command: str
    arguments: Mapping[str, Any]
    asked_by: str
    deadline_at: datetime


@dataclass(frozen=True)
class Failure:
    """Why there is no answer, in words for the caller."""

    kind: CommandFailure
    error: str


def ask(session: Session, question: Question) -> None:
    """Write a command down; publish its id after the commit."""
    session.add(
        Command(
            request_id=question.request_id,
            domain=question.domain,
            command=question.command,
            arguments=dict(question.arguments),
            asked_by=question.asked_by,
            deadline_at=question.deadline_at,
        )
    )


def withdraw(session: Session, request_id: str) -> None:
    """Take a command back whose message could not be sent.

    Should it have been sent all the same, the worker finds no row and does nothing.
    """
    session.execute(
        delete(Command).where(
            Command.request_id == request_id, Command.state == CommandState.WAITING
        )
    )


def begin(session: Session, request_id: str) -> dict[str, Any] | None:
    """Give the arguments of a command that is to be run now; None where there is nothing to do.

    That is: it was answered already (its message came twice), or taken back, or its caller has
    stopped waiting before it could begin. A run that was cut off begins again.
    """
    row = session.scalar(select(Command).where(Command.request_id == request_id).with_for_update())
    if row is None or row.state not in _OPEN:
        return None
    moment = now()
    if moment >= row.deadline_at:
        row.state, row.finished_at = CommandState.EXPIRED, moment
        return None
    row.state, row.started_at = CommandState.RUNNING, moment
    return dict(row.arguments)


def finish(session: Session, request_id: str, outcome: Failure | object) -> bool:
    """Store what came of a command; `False` where another run was faster."""
    failed = isinstance(outcome, Failure)
    values: dict[str, Any] = {
        "state": CommandState.FAILED if failed else CommandState.DONE,
        "reply": None if failed else outcome,
        "failure": outcome.kind if isinstance(outcome, Failure) else None,
        "error": outcome.error if isinstance(outcome, Failure) else "",
        "finished_at": now(),
    }
    found = session.scalars(
        update(Command)
        .where(Command.request_id == request_id, Command.state.in_(_OPEN))
        .values(**values)
        .returning(Command.id)
    )
    return found.first() is not None


def find(session: Session, request_id: str) -> Command | None:
    """Give a command while its answer may be read; what is too old counts as gone."""
    row = session.scalar(select(Command).where(Command.request_id == request_id))
    if row is None:
        return None
    ended = ended_at(row, now())
    return None if ended is not None and ended < now() - KEEP else row


def standing(command: Command, moment: datetime) -> CommandState:
    """Say where a command stands at a moment. Pure.

    A message that waited too long is thrown away by the broker's client, and a process can be
    killed: nobody is left then to write it down.
    """
    if command.state in _OPEN and ended_at(command, moment) is not None:
        return CommandState.EXPIRED
    return command.state


def ended_at(command: Command, moment: datetime) -> datetime | None:
    """Say since when nobody works on a command; None while somebody may. Pure."""
    if command.finished_at is not None:
        return command.finished_at
    last = command.deadline_at
    if command.started_at is not None:
        last = max(last, command.started_at + LONGEST_RUN)
    return last if last <= moment else None


def forget(session: Session, limit: int) -> int:
    """Remove answers that can no longer be read, at most `limit` of them; give how many."""
    moment = now()
    old = moment - KEEP
    unfinished = and_(Command.finished_at.is_(None), Command.created_at < old - 2 * LONGEST_RUN)
    ids = list(
        session.scalars(
            select(Command.id)
            # Nothing younger can have ended so long ago; this bound has an index.
            .where(Command.created_at < old, or_(Command.finished_at < old, unfinished))
            .limit(limit)
        )
    )
    session.execute(delete(Command).where(Command.id.in_(ids)))
    return len(ids)
