"""The tables of the gateway, as typed models.

What is personal (snapshots, bodies) lives here and nowhere else: messages and logs carry ids.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Enum,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from core.clock import now


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC on every database; SQLite alone would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Refuse naive datetimes: their zone would be a guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"a moment needs a zone: {value!r}"
            raise ValueError(message)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Give back an aware datetime."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")
Id = BigInteger().with_variant(Integer(), "sqlite")


def _names(enum: type[StrEnum]) -> list[str]:
    return [member.value for member in enum]


def _enum(enum: type[StrEnum]) -> Enum:
    return Enum(enum, values_callable=_names, native_enum=False, create_constraint=False, length=32)


class Base(DeclarativeBase):
    """The base of all models; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


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
    state: Mapped[DeliveryState] = mapped_column(_enum(DeliveryState))
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
    state: Mapped[LinkState] = mapped_column(_enum(LinkState))
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
    action: Mapped[RuleAction] = mapped_column(_enum(RuleAction), default=RuleAction.SYNC)
    target_project: Mapped[str | None] = mapped_column(String(50))
    target_issue_type: Mapped[str | None] = mapped_column(String(100))
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    """Where days and times of records are that name no zone."""
    recreate_deleted: Mapped[bool] = mapped_column(default=False)
    """Whether an issue that was deleted in Jira is made anew."""
    state: Mapped[RuleState] = mapped_column(_enum(RuleState), default=RuleState.ACTIVE)
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
        _enum(DeadLetterState), default=DeadLetterState.OPEN
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
