"""Replays that were asked for, so that one that is asked for twice is done once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.orm import Base, Id, Json, UtcDateTime


class Replay(Base):
    """One replay, known by a word that its caller chose."""

    __tablename__ = "replays"
    __table_args__ = (UniqueConstraint("nonce"), Index("ix_replays_at", "at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    nonce: Mapped[str] = mapped_column(String(100))
    what: Mapped[str] = mapped_column(Text)
    """What is tried again, in the words of the audit."""
    asked_by: Mapped[str] = mapped_column(String(200))
    up_to: Mapped[int] = mapped_column(Id)
    """The newest dead letter that was meant: later ones are no part of it."""
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """NULL until all of it was made due; asked for again before that, it goes on."""
    wanted: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Which letters a worker is to make due; NULL where whoever asked does it, and waits."""
    total: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    done: Mapped[int] = mapped_column(default=0, server_default=text("0"))
