"""Commands: questions whose caller waits for the answer."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.orm import Base, Id, Json, UtcDateTime, enum_column


class CommandState(StrEnum):
    """Where a command stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    """No worker took it in time, or the one that did has died: there is no answer."""


class CommandFailure(StrEnum):
    """Why a command failed, by who has to do something about it."""

    REFUSED = "refused"
    """The arguments name something that is not there, or ask for what cannot be."""
    VENDOR = "vendor"
    """A vendor did not answer, or not as it should."""
    UNFORESEEN = "unforeseen"
    """An error of the gateway's own; the worker's log has it."""


class Command(Base):
    """One command, what was asked and what was answered: kept for minutes only."""

    __tablename__ = "commands"
    __table_args__ = (UniqueConstraint("request_id"), Index("ix_commands_created_at", "created_at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    request_id: Mapped[str] = mapped_column(String(64))
    domain: Mapped[str] = mapped_column(String(50))
    command: Mapped[str] = mapped_column(String(50))
    arguments: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[CommandState] = mapped_column(
        enum_column(CommandState), default=CommandState.WAITING
    )
    reply: Mapped[Any] = mapped_column(Json, nullable=True)
    failure: Mapped[CommandFailure | None] = mapped_column(enum_column(CommandFailure))
    error: Mapped[str] = mapped_column(Text, default="")
    """What went wrong and what to do about it, for the caller."""
    asked_by: Mapped[str] = mapped_column(String(200))
    """Name of the API key; only its holder may read the answer."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    deadline_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the caller stops waiting; what has not begun by then is not begun at all."""
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
