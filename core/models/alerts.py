"""Alerts: what people are told without having to look."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.orm import Base, Id, Json, UtcDateTime, enum_column


class AlertSeverity(StrEnum):
    """How much an alert matters."""

    INFO = "info"
    WARNING = "warning"
    """Something works worse than it should, or will stop working."""
    ERROR = "error"
    """Work stands still or was given up."""


class AlertState(StrEnum):
    """What came of telling people of an alert."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    """No channel takes it; `reason` says why."""


class Alert(Base):
    """One trouble that people are told of: raised again, the row counts up until it is over."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("ix_alerts_cause", "cause", "id"),
        Index("ix_alerts_last_seen", "last_seen"),
        Index(
            "uq_alerts_open_cause",
            "cause",
            unique=True,
            sqlite_where=text("resolved_at IS NULL"),
            postgresql_where=text("resolved_at IS NULL"),
        ),
        Index(
            "ix_alerts_due_at",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    cause: Mapped[str] = mapped_column(String(200))
    """What makes two alerts one, such as `credentials:jira`."""
    severity: Mapped[AlertSeverity] = mapped_column(enum_column(AlertSeverity))
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    """What happened, where, and what to do; holds ids and no other personal data."""
    path: Mapped[str] = mapped_column(String(300), default="/")
    """The gateway's page that shows it."""
    records: Mapped[list[str]] = mapped_column(Json, default=list)
    """The first records that it is about."""
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_seen: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    count: Mapped[int] = mapped_column(default=1)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[AlertState] = mapped_column(enum_column(AlertState), default=AlertState.WAITING)
    channel: Mapped[str] = mapped_column(String(20), default="")
    """By which channel it was last delivered."""
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why it waits, was not delivered, or took the reserve."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Attempts of the present delivery."""
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When people last heard that it goes on; NULL when they never did."""
    told_count: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When there is something to tell (again); NULL when there is not."""
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
