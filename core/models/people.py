"""What is known of the people whom records are about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.orm import Base, Id, Json, UtcDateTime


class Person(Base):
    """One person of a source system, as read last: personal, so it is kept here, not in Redis."""

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("source", "person_id"),
        Index("ix_people_read_at", "read_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(String(50))
    person_id: Mapped[str] = mapped_column(String(100))
    record: Mapped[dict[str, Any]] = mapped_column(Json)
    """What rules see of the person; empty where the source does not show them to us."""
    complete: Mapped[bool] = mapped_column(default=False)
    """Whether it holds the custom fields too, which take a call for each person."""
    read_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
