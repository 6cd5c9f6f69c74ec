"""People who look at the dashboard, and where each of them is logged in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.clock import now
from core.models.credentials import Role
from core.orm import Base, Id, UtcDateTime, enum_column


class LoginKind(StrEnum):
    """How somebody showed who they are."""

    GOOGLE = "google"
    DEVELOPMENT = "development"
    """By saying so, on this machine, in the sandbox."""


class User(Base):
    """One person, invited or logged in before; a row is never removed, since the audit names it."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("email"), UniqueConstraint("google_id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    """As `core.access.e_mail` gives it."""
    name: Mapped[str] = mapped_column(String(200), default="")
    """Empty until the first log-in."""
    role: Mapped[Role] = mapped_column(enum_column(Role))
    google_id: Mapped[str | None] = mapped_column(String(255))
    """Google's `sub`: an address can be given to another person, this id cannot."""
    invited_by: Mapped[str] = mapped_column(String(200), default="")
    """Empty for who came without an invitation."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WebSession(Base):
    """One log-in of one browser, known by the hash of the token that its cookie carries."""

    __tablename__ = "web_sessions"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index("ix_web_sessions_user_id", "user_id"),
        Index("ix_web_sessions_expires_at", "expires_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the token, in hexadecimal. A token has 256 random bits, so no salt is needed."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    user: Mapped[User] = relationship()
    kind: Mapped[LoginKind] = mapped_column(enum_column(LoginKind))
    address: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(200))
    """The start of what the browser says of itself."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    """To the minute."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When it ends however much it is used."""
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
