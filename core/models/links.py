"""The ledger: which PeopleForce task is which Jira issue."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, case, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from core.clock import now
from core.models.rules import Rule
from core.orm import Base, Id, Json, UtcDateTime, enum_column


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
    HELD = "held"
    """Its rule is tripped: the change waits until the rule is put back into force."""
    DEAD = "dead"
    """Will not succeed by itself; a dead letter says why."""
    SKIPPED = "skipped"
    """A person took its waiting change out of the way; a newer one is tried."""


class Link(Base):
    """One PeopleForce task and, once made, its Jira issue."""

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint("source", "source_id"),
        Index("ix_links_issue_id", "issue_id"),
        Index("ix_links_issue_key", "issue_key"),
        Index("ix_links_state", "state", "updated_at"),
        Index("ix_links_updated_at", "updated_at"),
        Index("ix_links_rule_id", "rule_id", "updated_at"),
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
        Index(
            "ix_links_waiting_since",
            "waiting_since",
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
    """SHA-256 of the fields last written to Jira; empty while it is not known to have them all."""
    snapshot: Mapped[dict[str, Any]] = mapped_column(Json)
    written: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """The Jira fields and values last written by us."""
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("rules.id"))
    search_text: Mapped[str] = mapped_column(Text, default="")
    """The words by which it is found, as `core.search` cuts them; the database keeps the index."""
    attempts: Mapped[int] = mapped_column(default=0)
    missing_scans: Mapped[int] = mapped_column(default=0)
    """How many full scans in a row found it in neither list."""
    intent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when a write may have been carried out whose answer we do not have: the create of the
    issue, or, where there is one, the completion or reopening of the task."""
    moving_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when a move of the issue may have been carried out whose answer we do not have."""
    pushed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When we last changed the task in PeopleForce; a poll that began earlier saw the past."""
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When waiting work is published (again); NULL when there is none."""
    waiting_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the work that waits became due at first; it stays while that is tried again and again.

    Nobody writes it: it follows `due_at`, by `due` in statements and by itself on objects.
    """
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)

    rule: Mapped[Rule | None] = relationship(lazy="raise")

    @classmethod
    def due(cls, moment: datetime) -> dict[str, Any]:
        """Give what an UPDATE writes to make work due at `moment`, whether or not some waits."""
        waited = func.coalesce(cls.waiting_since, now())
        since = case((cls.due_at.is_(None), now()), else_=waited)
        return {"due_at": moment, "waiting_since": since}

    @validates("due_at")
    def _follow(self, _key: str, due_at: datetime | None) -> datetime | None:
        """Keep `waiting_since` in step, as `due` does in statements."""
        if due_at is None:
            self.waiting_since = None
        elif self.due_at is None or self.waiting_since is None:
            self.waiting_since = now()
        return due_at
