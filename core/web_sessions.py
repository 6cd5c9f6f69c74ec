"""Who is logged in: a token for each browser, known here by its hash alone.

The cookie carries the token and nothing else of worth. Role, disabling and revoking are read from
the database with each request, so that all of them count from the next request on.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, contains_eager

from core import audit
from core.clock import now
from core.models import LoginKind, Role, User, WebSession
from core.settings import Settings, get_settings

SEEN_NOTED_EVERY = timedelta(minutes=1)
"""How exact `last_seen_at` is: a write for each request would cost more than the request."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST_BROWSER = 200
_LONGEST_ADDRESS = 64


@dataclass(frozen=True)
class Visitor:
    """Who asks, and by which log-in; what a view finds in `g.user`."""

    id: int
    email: str
    name: str
    role: Role
    session_id: int
    last_seen_at: datetime

    @property
    def seen_is_worth_noting(self) -> bool:
        """Whether the last noted request is so long ago that this one should be noted."""
        return self.last_seen_at < now() - SEEN_NOTED_EVERY


@dataclass(frozen=True)
class Browser:
    """Where somebody logs in from, in the words in which it is shown to them later."""

    address: str
    name: str


def begin(session: Session, user: User, kind: LoginKind, browser: Browser) -> str:
    """Log somebody in, and give the token for the cookie; it is nowhere else."""
    moment = now()
    token = secrets.token_urlsafe(32)
    session.add(
        WebSession(
            token_hash=_hash(token),
            user=user,
            kind=kind,
            address=browser.address[:_LONGEST_ADDRESS],
            browser=browser.name[:_LONGEST_BROWSER],
            last_seen_at=moment,
            expires_at=moment + timedelta(hours=get_settings().session_hours),
        )
    )
    user.last_login_at = moment
    audit.note(session, user.email, "logged in", subject_of(user), after={"by": kind.value})
    return token


def find(session: Session, token: str) -> Visitor | None:
    """Give whose token this is; None for a wrong, revoked or expired one, or a disabled person.

    What cannot be a token of ours costs no query.
    """
    if not _TOKEN.fullmatch(token):
        return None
    return _visitor(session, WebSession.token_hash == _hash(token))


def still_open(session: Session, session_id: int) -> bool:
    """Say whether a log-in still counts: for what lasts longer than a request, such as a stream."""
    return _visitor(session, WebSession.id == session_id) is not None


def _visitor(session: Session, which: ColumnElement[bool]) -> Visitor | None:
    row = session.scalar(
        select(WebSession)
        .join(WebSession.user)
        .options(contains_eager(WebSession.user))
        .where(which, *_open(get_settings(), now()))
    )
    if row is None:
        return None
    user = row.user
    return Visitor(user.id, user.email, user.name, user.role, row.id, row.last_seen_at)


def note_seen(session: Session, session_id: int) -> None:
    """Note that a log-in was used just now."""
    session.execute(
        update(WebSession).where(WebSession.id == session_id).values(last_seen_at=now())
    )


def open_sessions(session: Session, user_ids: Collection[int]) -> dict[int, list[WebSession]]:
    """Give the open log-ins of each of these people, the one used last first."""
    rows = session.scalars(
        select(WebSession)
        .join(WebSession.user)
        .where(WebSession.user_id.in_(user_ids), *_open(get_settings(), now()))
        .order_by(WebSession.last_seen_at.desc(), WebSession.id.desc())
    )
    found: dict[int, list[WebSession]] = {user_id: [] for user_id in user_ids}
    for row in rows:
        found[row.user_id].append(row)
    return found


def replace(session: Session, token: str) -> None:
    """End the log-in of a browser that logs in once more."""
    _revoke(session, WebSession.token_hash == _hash(token))


def end(session: Session, visitor: Visitor) -> None:
    """Log a browser out by itself."""
    _revoke(session, WebSession.id == visitor.session_id)
    audit.note(session, visitor.email, "logged out", subject_of(visitor))


def revoke(session: Session, user: User, session_id: int, actor: str) -> bool:
    """End one log-in of a person; `False` where it is not theirs, or over already."""
    ended = _revoke(session, (WebSession.id == session_id) & (WebSession.user_id == user.id))
    if ended:
        audit.note(session, actor, "ended a log-in of", subject_of(user))
    return bool(ended)


def revoke_all(session: Session, user: User, actor: str) -> int:
    """Log a person out everywhere; the number of log-ins that were ended is the result."""
    ended = _revoke(session, WebSession.user_id == user.id)
    audit.note(session, actor, "logged out everywhere", subject_of(user), after={"ended": ended})
    return ended


def subject_of(person: User | Visitor) -> str:
    """Name a person as the audit does."""
    return f"person {person.email}"


def _open(settings: Settings, moment: datetime) -> list[ColumnElement[bool]]:
    conditions = [
        WebSession.revoked_at.is_(None),
        WebSession.expires_at > moment,
        WebSession.last_seen_at > moment - timedelta(minutes=settings.session_idle_minutes),
        User.disabled_at.is_(None),
    ]
    if not settings.dev_login_on:
        # Whoever said who they are is believed only where that counts as a log-in.
        conditions.append(WebSession.kind != LoginKind.DEVELOPMENT)
    return conditions


def _revoke(session: Session, which: ColumnElement[bool]) -> int:
    ended = session.scalars(
        update(WebSession)
        .where(which, WebSession.revoked_at.is_(None), WebSession.expires_at > now())
        .values(revoked_at=now())
        .returning(WebSession.id)
    )
    return len(ended.all())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
