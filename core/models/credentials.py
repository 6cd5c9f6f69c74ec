"""API credentials: who may call the gateway's own API."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.orm import Base, Id, UtcDateTime, enum_column


class Role(StrEnum):
    """What somebody may do; each role may do all that the one before it may."""

    VIEWER = "viewer"
    """See everything, change nothing."""
    OPERATOR = "operator"
    """Try again, skip, pause."""
    ADMIN = "admin"
    """Change rules, settings and people."""

    def covers(self, needed: Role) -> bool:
        """Say whether this role may do what `needed` may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(needed)


class ApiCredential(Base):
    """One API key, known by its hash alone; a name is never given to a second key."""

    __tablename__ = "api_credentials"
    __table_args__ = (UniqueConstraint("name"), UniqueConstraint("key_hash"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    key_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the key, in hexadecimal. A key has 256 random bits, so no salt is needed."""
    role: Mapped[Role] = mapped_column(enum_column(Role))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    created_by: Mapped[str] = mapped_column(String(200))
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """To the minute."""
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
