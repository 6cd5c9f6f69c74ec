"""Dead letters: work that will not succeed by itself, and the way back from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from core.alerts import raise_alert
from core.clock import now
from core.domains import get_domain
from core.models import DeadLetter, DeadLetterState


def bury(
    session: Session,
    *,
    domain: str,
    unit: str,
    unit_id: int,
    record: str,
    reason: str,
    attempts: int,
    rule_id: int | None = None,
) -> None:
    """Write down why a unit of work was given up, and have people told.

    An open letter of the unit is replaced. `reason` is read by a person: what happened, to which
    record, and what to do now. It may quote a vendor, so it stays here; the alert names records.
    """
    close(session, unit, unit_id, DeadLetterState.RESOLVED)
    session.add(
        DeadLetter(
            domain=domain,
            unit=unit,
            unit_id=unit_id,
            record=record,
            reason=reason,
            attempts=attempts,
            rule_id=rule_id,
        )
    )
    raise_alert(
        session,
        cause=f"dead_letters:{domain}",
        title=f"{get_domain(domain).title}: work was given up",
        text="A vendor refused these records, or they failed too often; each waits as a dead "
        "letter that says why. See it with `igw why <record>`, mend the cause, then try again "
        "with `igw replay <record>`, or `igw replay --all`.",
        record=f"delivery {unit_id}" if unit == "delivery" else record,
    )


def hold(
    session: Session,
    *,
    domain: str,
    unit: str,
    unit_id: int,
    record: str,
    reason: str,
    rule_id: int,
) -> None:
    """Write down that a unit of work waits for its rule, which is tripped.

    People are told once, of the rule. A unit that is held already keeps its letter.
    """
    letter = session.scalar(
        select(DeadLetter).where(
            DeadLetter.unit == unit,
            DeadLetter.unit_id == unit_id,
            DeadLetter.state == DeadLetterState.OPEN,
        )
    )
    if letter is not None and letter.held and letter.rule_id == rule_id:
        return
    close(session, unit, unit_id, DeadLetterState.RESOLVED)
    session.add(
        DeadLetter(
            domain=domain,
            unit=unit,
            unit_id=unit_id,
            record=record,
            reason=reason,
            rule_id=rule_id,
            held=True,
        )
    )


def close(session: Session, unit: str, unit_id: int, state: DeadLetterState) -> None:
    """Close the open letter of a unit of work, if it has one."""
    session.execute(
        update(DeadLetter)
        .where(
            DeadLetter.unit == unit,
            DeadLetter.unit_id == unit_id,
            DeadLetter.state == DeadLetterState.OPEN,
        )
        .values(state=state, closed_at=now())
    )


@dataclass(frozen=True)
class Letters:
    """Which of the open letters are meant; without anything, all of them.

    `held` picks those that wait for their rule (True) or those that failed (False). `like` is any
    part of the reason, in any case. `up_to` leaves out letters that were written after that one.
    `ids` are those that somebody picked.
    """

    rule_id: int | None = None
    held: bool | None = None
    since: datetime | None = None
    like: str = ""
    up_to: int | None = None
    domain: str = ""
    ids: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Give the choice as it is stored; `from_json` reads it."""
        since = self.since.isoformat() if self.since is not None else None
        return {**asdict(self), "since": since, "ids": list(self.ids)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Letters:
        """Give the choice that was stored."""
        since = datetime.fromisoformat(stored["since"]) if stored["since"] else None
        values: dict[str, Any] = {**stored, "since": since, "ids": tuple(stored["ids"])}
        return cls(**values)

    @property
    def condition(self) -> ColumnElement[bool]:
        """The letters as a condition of a query."""
        wanted: list[ColumnElement[bool]] = [DeadLetter.state == DeadLetterState.OPEN]
        if self.rule_id is not None:
            wanted.append(DeadLetter.rule_id == self.rule_id)
        if self.held is not None:
            wanted.append(DeadLetter.held.is_(self.held))
        if self.since is not None:
            wanted.append(DeadLetter.created_at >= self.since)
        if self.like:
            wanted.append(DeadLetter.reason.icontains(self.like, autoescape=True))
        if self.up_to is not None:
            wanted.append(DeadLetter.id <= self.up_to)
        if self.domain:
            wanted.append(DeadLetter.domain == self.domain)
        if self.ids:
            wanted.append(DeadLetter.id.in_(self.ids))
        return and_(*wanted)


EVERY = Letters()


def in_words(wanted: Letters) -> str:
    """Say which of the letters are meant, for the audit; "" for all of them."""
    parts = [f"{len(wanted.ids):,} picked by hand"] if wanted.ids else []
    if wanted.held is not None:
        parts.append("held" if wanted.held else "failed")
    if wanted.since is not None:
        parts.append("since a moment")
    if wanted.like:
        parts.append(f"with {wanted.like!r} in the reason")
    return ", ".join(parts)


def open_letters(
    session: Session, limit: int = 1000, wanted: Letters = EVERY, *, after: int = 0
) -> list[DeadLetter]:
    """Give the letters that wait for a person, oldest first, those `after` an id."""
    letters = select(DeadLetter).where(wanted.condition, DeadLetter.id > after)
    return list(session.scalars(letters.order_by(DeadLetter.id).limit(limit)))


def count_open(session: Session, wanted: Letters = EVERY) -> int:
    """Count the letters that `open_letters` would give without a limit."""
    letters = select(func.count()).select_from(DeadLetter).where(wanted.condition)
    return session.scalar(letters) or 0


def last_of(session: Session, wanted: Letters = EVERY, limit: int | None = None) -> int:
    """Give the id of the newest among the oldest `limit` letters; 0 where there is none."""
    ids = select(DeadLetter.id).where(wanted.condition).order_by(DeadLetter.id).limit(limit)
    return session.scalar(select(func.max(ids.subquery().c.id))) or 0


def count_open_by_held(session: Session) -> dict[bool, int]:
    """Count the open letters: under True what is held for a rule, under False what failed."""
    rows = session.execute(
        select(DeadLetter.held, func.count())
        .where(DeadLetter.state == DeadLetterState.OPEN)
        .group_by(DeadLetter.held)
    )
    return {bool(held): count for held, count in rows}
