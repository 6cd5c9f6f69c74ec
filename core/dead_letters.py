"""Dead letters: work that will not succeed by itself, and the way back from there."""

from __future__ import annotations

from sqlalchemy import select, update
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


def open_letters(session: Session, limit: int = 1000) -> list[DeadLetter]:
    """Give the letters that wait for a person, oldest first."""
    return list(
        session.scalars(
            select(DeadLetter)
            .where(DeadLetter.state == DeadLetterState.OPEN)
            .order_by(DeadLetter.id)
            .limit(limit)
        )
    )
