"""Routing rules, and what became of them over time."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.clock import now
from core.orm import Base, Id, Json, UtcDateTime, enum_column


class RuleAction(StrEnum):
    """What a rule does with the records it matches."""

    SYNC = "SYNC"
    DROP = "DROP"


class RuleState(StrEnum):
    """Whether a rule is in use."""

    ACTIVE = "active"
    DISABLED = "disabled"
    TRIPPED = "tripped"
    """Taken out by the gateway because it no longer fits Jira's schema."""


class Rule(Base):
    """Which records go where: conditions, an action and a target."""

    __tablename__ = "rules"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    priority: Mapped[int] = mapped_column(default=100)
    """Lower comes first; the first match wins."""
    conditions: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    """All must hold; an empty list matches everything. Written as in the rule's document."""
    action: Mapped[RuleAction] = mapped_column(enum_column(RuleAction), default=RuleAction.SYNC)
    target_project: Mapped[str | None] = mapped_column(String(50))
    target_issue_type: Mapped[str | None] = mapped_column(String(100))
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    """Where days and times of records are that name no zone."""
    recreate_deleted: Mapped[bool] = mapped_column(default=False)
    """Whether an issue that was deleted in Jira is made anew."""
    state: Mapped[RuleState] = mapped_column(enum_column(RuleState), default=RuleState.ACTIVE)
    tripped_reason: Mapped[str] = mapped_column(Text, default="")
    tripped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    strikes: Mapped[int] = mapped_column(default=0)
    """Shadow mappings in a row that found it not to fit; the second one trips it."""
    struck_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the last of them was."""
    examples: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    """Records with the payload expected of them; run before the rule comes into force."""
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)

    fields: Mapped[list[RuleField]] = relationship(
        cascade="all, delete-orphan", order_by="RuleField.position", lazy="selectin"
    )


class RuleField(Base):
    """Where one field of the target gets its value from."""

    __tablename__ = "rule_fields"
    __table_args__ = (UniqueConstraint("rule_id", "target_field"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("rules.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)
    target_field: Mapped[str] = mapped_column(String(100))
    mapping: Mapped[dict[str, Any]] = mapped_column(Json)
    """The field's part of the rule's document; see `core.mapping.document`."""


class RuleVersion(Base):
    """A rule as it was after one change, kept so that the change can be read and taken back."""

    __tablename__ = "rule_versions"
    __table_args__ = (UniqueConstraint("rule_id", "version"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("rules.id", ondelete="CASCADE"))
    version: Mapped[int]
    document: Mapped[dict[str, Any]] = mapped_column(Json)
    """The whole rule, as in a file; see `core.mapping.document`."""
    author: Mapped[str] = mapped_column(String(200))
    """Who changed it: a person, or `gateway`."""
    note: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
