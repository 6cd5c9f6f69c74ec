"""The tables of the gateway, as typed models.

What is personal (snapshots, bodies) lives here and nowhere else: messages and logs carry ids.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.clock import now
from core.orm import Base, Id, Json, UtcDateTime, enum_column

__all__ = [
    "Activity",
    "Alert",
    "AlertSeverity",
    "AlertState",
    "Base",
    "DeadLetter",
    "DeadLetterState",
    "Delivery",
    "DeliveryState",
    "DomainSetting",
    "Link",
    "LinkState",
    "Rule",
    "RuleAction",
    "RuleField",
    "RuleState",
]


class DeliveryState(StrEnum):
    """Where a webhook delivery stands."""

    RECEIVED = "received"
    RETRYING = "retrying"
    DONE = "done"
    IGNORED = "ignored"
    DEAD = "dead"

    @property
    def waiting(self) -> bool:
        """Whether somebody still has to work on it."""
        return self in {DeliveryState.RECEIVED, DeliveryState.RETRYING}


class Delivery(Base):
    """One webhook received: its exact bytes and what came of it."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index(
            "ix_deliveries_due_at",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_deliveries_record_id", "source", "record_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(String(50))
    topic: Mapped[str] = mapped_column(String(200))
    external_id: Mapped[str] = mapped_column(String(200))
    """The vendor's id of the delivery, or a hash of route and body where it sends none."""
    record_id: Mapped[str | None] = mapped_column(String(200))
    task: Mapped[str | None] = mapped_column(String(200))
    """Name of the Celery task that works on it; NULL when nobody handles the topic."""
    request_id: Mapped[str] = mapped_column(String(64))
    headers: Mapped[dict[str, str]] = mapped_column(Json)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[DeliveryState] = mapped_column(enum_column(DeliveryState))
    reason: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the relay publishes it (again); NULL once it is finished."""
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LinkState(StrEnum):
    """Where a PeopleForce task stands on its way to Jira."""

    PENDING = "pending"
    """Seen; an issue is still to be made."""
    CREATING = "creating"
    """The intent to create is written down; the issue may or may not exist."""
    SYNCED = "synced"
    UNROUTED = "unrouted"
    """No rule takes it, and there is no default project."""
    DROPPED = "dropped"
    """A rule says to leave it out, or it was completed before an issue was made."""
    ISSUE_DELETED = "issue_deleted"
    VANISHED = "vanished"
    """In neither list of PeopleForce any more."""
    DEAD = "dead"
    """Will not succeed by itself; a dead letter says why."""


class Link(Base):
    """One PeopleForce task and, once made, its Jira issue."""

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint("source", "source_id"),
        Index("ix_links_issue_id", "issue_id"),
        Index("ix_links_issue_key", "issue_key"),
        Index("ix_links_state", "state"),
        Index(
            "ix_links_open",
            "source",
            sqlite_where=text("completed = 0"),
            postgresql_where=text("NOT completed"),
        ),
        Index(
            "ix_links_due_at",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(String(50))
    source_id: Mapped[str] = mapped_column(String(100))
    issue_id: Mapped[str | None] = mapped_column(String(50))
    """Jira's numeric id: it stays when an issue is moved, the key does not."""
    issue_key: Mapped[str | None] = mapped_column(String(100))
    project: Mapped[str | None] = mapped_column(String(50))
    state: Mapped[LinkState] = mapped_column(enum_column(LinkState))
    reason: Mapped[str] = mapped_column(Text, default="")
    completed: Mapped[bool] = mapped_column(default=False)
    """What both sides last agreed on."""
    seen_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the newest snapshot."""
    last_sync_hash: Mapped[str] = mapped_column(String(64), default="")
    """SHA-256 of the snapshot that Jira has; differs from `seen_hash` while work is waiting."""
    target_hash: Mapped[str] = mapped_column(String(64), default="")
    """SHA-256 of the fields last written to Jira."""
    snapshot: Mapped[dict[str, Any]] = mapped_column(Json)
    written: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """The Jira fields and values last written by us."""
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("rules.id"))
    search_text: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    missing_scans: Mapped[int] = mapped_column(default=0)
    """How many full scans in a row found it in neither list."""
    intent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pushed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When we last changed the task in PeopleForce; a poll that began earlier saw the past."""
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When waiting work is published (again); NULL when there is none."""
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)

    rule: Mapped[Rule | None] = relationship(lazy="raise")


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


class DeadLetterState(StrEnum):
    """Whether a dead letter still waits for a person."""

    OPEN = "open"
    REPLAYED = "replayed"
    RESOLVED = "resolved"
    """The record succeeded later by itself, for example after it was corrected."""


class DeadLetter(Base):
    """One unit of work that will not succeed by itself."""

    __tablename__ = "dead_letters"
    __table_args__ = (
        Index("ix_dead_letters_state", "state", "created_at"),
        Index("ix_dead_letters_unit", "unit", "unit_id"),
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


class DomainSetting(Base):
    """A value that an admin set for a domain; `domain.toml` declares which there are."""

    __tablename__ = "domain_settings"

    domain: Mapped[str] = mapped_column(String(50), primary_key=True)
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[Any] = mapped_column(Json)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)


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
