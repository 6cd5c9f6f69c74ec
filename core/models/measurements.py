"""How much was done in each quarter of an hour: what the charts of the overview are drawn from."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from core.orm import Base, UtcDateTime


class Measurement(Base):
    """One number about one domain in one quarter of an hour."""

    __tablename__ = "measurements"

    at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    """When the quarter of an hour began."""
    domain: Mapped[str] = mapped_column(String(50), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    """What was measured, such as `activity:created`; `core.measurements` says what there is."""
    value: Mapped[int]
