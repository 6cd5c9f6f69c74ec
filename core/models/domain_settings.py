"""What an admin changed while everything runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.orm import Base, Json, UtcDateTime


class DomainSetting(Base):
    """A value that an admin set for a domain; `domain.toml` declares which there are."""

    __tablename__ = "domain_settings"

    domain: Mapped[str] = mapped_column(String(50), primary_key=True)
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[Any] = mapped_column(Json)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)
