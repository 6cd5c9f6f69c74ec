"""The two records that are only ever added to, activity and audit: newest first, part by part.

A part begins below the last row of the one before (keyset), so that it costs the same however far
back somebody reads. A text that no index knows is looked for in `WINDOW` rows at a time; whoever
wants to look further says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from core.models import Activity, Audit

SIZE = 50

WINDOW = 20_000
"""Rows that one part looks through for a text or a kind; they are read from newest to oldest."""

R = TypeVar("R", Activity, Audit)


@dataclass(frozen=True)
class Part(Generic[R]):
    """Some rows, newest first.

    `next` is where the following part begins; None at the end. With `cut`, this part ends because
    as many rows were looked through as one part may: what follows may be empty as well.
    """

    rows: Sequence[R]
    next: int | None
    cut: bool = False


@dataclass(frozen=True)
class Wanted:
    """Which rows of the activity are meant; without anything, all of them."""

    record: str = ""
    action: str = ""
    rule_id: int | None = None
    since: datetime | None = None
    text: str = ""
    request_id: str = ""


def activity(session: Session, wanted: Wanted, before: int | None = None) -> Part[Activity]:
    """Give the part of the activity that begins below the row `before`."""
    exact: list[ColumnElement[bool]] = []
    if wanted.record:
        named = wanted.record.strip()
        exact.append(or_(Activity.record == named, Activity.issue_key == named.upper()))
    if wanted.request_id:
        exact.append(Activity.request_id == wanted.request_id)
    loose: list[ColumnElement[bool]] = []
    if wanted.action:
        loose.append(Activity.action == wanted.action)
    if wanted.rule_id is not None:
        loose.append(Activity.rule_id == wanted.rule_id)
    if wanted.text:
        loose.append(Activity.summary.icontains(wanted.text, autoescape=True))
    since = Activity.at >= wanted.since if wanted.since is not None else None
    return _part(session, Activity, exact=exact, loose=loose, since=since, before=before)


def audit(
    session: Session, about: str = "", since: datetime | None = None, before: int | None = None
) -> Part[Audit]:
    """Give the part of the audit that begins below the row `before`.

    `about` is any part of what was changed, of what was done, or of who did it.
    """
    loose: list[ColumnElement[bool]] = []
    if about:
        columns = (Audit.subject, Audit.actor, Audit.action, Audit.note)
        loose.append(or_(*(column.icontains(about, autoescape=True) for column in columns)))
    later = Audit.at >= since if since is not None else None
    return _part(session, Audit, exact=(), loose=loose, since=later, before=before)


def _part(
    session: Session,
    table: type[R],
    *,
    exact: Sequence[ColumnElement[bool]],
    loose: Sequence[ColumnElement[bool]],
    since: ColumnElement[bool] | None,
    before: int | None,
) -> Part[R]:
    rows = select(table).where(*exact, *loose).order_by(table.id.desc()).limit(SIZE + 1)
    if before is not None:
        rows = rows.where(table.id < before)
    floor = None
    if loose and not exact:
        newest = before or (session.scalar(select(func.max(table.id))) or 0) + 1
        floor = newest - WINDOW
        rows = rows.where(table.id >= floor)
    if since is not None:
        rows = rows.where(since)
    found = list(session.scalars(rows))
    if len(found) > SIZE:
        return Part(found[:SIZE], found[SIZE - 1].id)
    if floor is not None and floor > 1 and _older(session, table, floor, since):
        return Part(found, floor, cut=True)
    return Part(found, None)


def _older(session: Session, table: type[R], floor: int, since: ColumnElement[bool] | None) -> bool:
    """Say whether there is a row below `floor` that is not too old."""
    newest = session.scalar(
        select(table).where(table.id < floor).order_by(table.id.desc()).limit(1)
    )
    if newest is None or since is None:
        return newest is not None
    return session.scalar(select(table.id).where(table.id == newest.id, since)) is not None
