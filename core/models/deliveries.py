"""Webhook deliveries, as they came."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.orm import Base, Id, Json, UtcDateTime, enum_column


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
        Index(
            "ix_deliveries_waiting",
            "source",
            "received_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_deliveries_record_id", "source", "record_id"),
        Index("ix_deliveries_request_id", "request_id"),
        Index("ix_deliveries_state", "state", "id"),
        Index("ix_deliveries_finished_at", "finished_at", "source", "state"),
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
