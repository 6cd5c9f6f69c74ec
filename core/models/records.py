"""What was done, and what was given up."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.orm import Base, Id, Json, UtcDateTime, enum_column


class DeadLetterState(StrEnum):
    """Whether a dead letter still waits for a person."""

    OPEN = "open"
    REPLAYED = "replayed"
    RESOLVED = "resolved"
    """It needs nobody any more: the record succeeded later, or a person skipped it."""


class DeadLetter(Base):
    """One unit of work that will not succeed by itself."""

    __tablename__ = "dead_letters"
    __table_args__ = (
        Index("ix_dead_letters_state", "state", "created_at"),
        Index("ix_dead_letters_unit", "unit", "unit_id"),
        Index("ix_dead_letters_rule_id", "rule_id", "state"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    domain: Mapped[str] = mapped_column(String(50))
    unit: Mapped[str] = mapped_column(String(20))
    """`link` or `delivery`: the table in which the payload stays."""
    unit_id: Mapped[int] = mapped_column(Id)
    record: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("rules.id"))
    held: Mapped[bool] = mapped_column(default=False)
    """It was never tried: its rule is tripped, and waits to be put back into force."""
    state: Mapped[DeadLetterState] = mapped_column(
        enum_column(DeadLetterState), default=DeadLetterState.OPEN
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Activity(Base):
    """One thing that was done to a record, or seen of it; rows are only ever added."""

    __tablename__ = "activity"
    __table_args__ = (
        Index("ix_activity_record", "record", "id"),
        Index("ix_activity_issue_key", "issue_key", "id"),
        Index("ix_activity_request_id", "request_id"),
        Index("ix_activity_at", "at", "domain", "action"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    domain: Mapped[str] = mapped_column(String(50))
    record: Mapped[str] = mapped_column(String(100))
    issue_key: Mapped[str | None] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(50))
    summary: Mapped[str] = mapped_column(Text)
    changes: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    request_id: Mapped[str] = mapped_column(String(64), default="")
    rule_id: Mapped[int | None] = mapped_column(Id)
    rule_version: Mapped[int | None]
    """Version of the rule by which it was done; `rule_versions` has what that said."""
    calls: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    """The calls to vendors that it took, as `core.calls` has them; NULL where there were none."""


class Audit(Base):
    """One thing that a person, or the gateway by itself, changed; rows are only ever added."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject", "subject", "id"), Index("ix_audit_at", "at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    actor: Mapped[str] = mapped_column(String(200))
    """Who did it: a person's login, `root at the command line`, or `gateway`."""
    action: Mapped[str] = mapped_column(String(50))
    subject: Mapped[str] = mapped_column(String(250))
    """What was changed, such as `rule Laptops to IT` or `setting pf_jira.poll_paused`."""
    before: Mapped[Any] = mapped_column(Json, nullable=True)
    after: Mapped[Any] = mapped_column(Json, nullable=True)
    note: Mapped[str] = mapped_column(Text, default="")
