"""The audit: who changed which rule or setting, and what it was before."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.models import Audit

GATEWAY = "gateway"
"""The actor of what the gateway did by itself."""


def note(
    session: Session,
    actor: str,
    action: str,
    subject: str,
    *,
    before: object = None,
    after: object = None,
    why: str = "",
) -> None:
    """Add a row, in the transaction of the change it tells of.

    `subject` is what a person would search for, such as `rule Laptops to IT`. `before` and `after`
    are plain JSON, and hold no secret.
    """
    session.add(
        Audit(actor=actor, action=action, subject=subject, before=before, after=after, note=why)
    )


def latest(
    session: Session, limit: int = 50, subject: str | None = None, about: str = ""
) -> list[Audit]:
    """Give the newest changes, newest first; of one subject where it is named.

    `about` is any part of a subject, or of the name of who did it, in any case.
    """
    rows = select(Audit).order_by(Audit.id.desc()).limit(limit)
    if subject is not None:
        rows = rows.where(Audit.subject == subject)
    if about:
        columns = (Audit.subject, Audit.actor)
        rows = rows.where(or_(*(column.icontains(about, autoescape=True) for column in columns)))
    return list(session.scalars(rows))


def last_of(session: Session, subjects: Collection[str]) -> dict[str, Audit]:
    """Give the newest change of each of some subjects, of those that were ever changed."""
    newest = select(func.max(Audit.id)).where(Audit.subject.in_(subjects)).group_by(Audit.subject)
    return {row.subject: row for row in session.scalars(select(Audit).where(Audit.id.in_(newest)))}
