"""Taking rules out of force and putting them back.

A rule that no longer fits its target is tripped: it goes on catching its records, like a firewall's
rule would, and they are held until it is mended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core import alerts, audit, rule_changes, rules
from core.clock import now
from core.models import DeadLetter, DeadLetterState, Link, LinkState, Rule, RuleState

STRIKES = 2
"""Shadow mappings in a row that must find a rule not to fit before it is tripped."""

BETWEEN_STRIKES = timedelta(minutes=2)
"""How far two strikes must be apart: both are to be of a schema read for itself."""

REASON_IN_ALERT = 1500
"""Characters of a reason that an alert repeats; the whole of it is with the rule."""


def trip(session: Session, rule_id: int, version: int, reason: str) -> bool:
    """Take a rule out of force, and have people told; `False` where that is out of date.

    That is: somebody has taken it out already, or has changed it since `version`, which is the one
    that did not fit. `reason` says which field, what the target demands and what to do; it is sent
    to people by other companies' servers, so it holds nothing personal.
    """
    row = _in_force(session, rule_id, version)
    if row is None:
        return False
    _trip(session, row, reason)
    return True


def strike(session: Session, rule_id: int, version: int, reason: str) -> RuleState | None:
    """Count a shadow mapping that found a rule not to fit; the second one trips it.

    Gives the state that the rule has now, or None where it was not counted: the last strike was a
    moment ago, the rule is not in force, or it has changed since `version`.
    """
    row = _in_force(session, rule_id, version)
    moment = now()
    if row is None or (row.struck_at is not None and moment < row.struck_at + BETWEEN_STRIKES):
        return None
    row.strikes += 1
    row.struck_at = moment
    if row.strikes >= STRIKES:
        _trip(session, row, reason)
    return row.state


def pardon(session: Session, rule_id: int) -> None:
    """Forget the strikes of a rule that was found to fit."""
    session.execute(
        update(Rule)
        .where(Rule.id == rule_id, Rule.strikes > 0)
        .values(strikes=0, struck_at=None, updated_at=Rule.updated_at)
    )


def enable(session: Session, row: Rule, author: str, why: str = "") -> None:
    """Put a rule into force. What it holds stays held until it is replayed.

    What no rule took so far becomes due, and so do issues whose fields were not written while the
    rule was out of force.
    """
    _change(session, row, RuleState.ACTIVE, author, why)
    rules.try_unrouted(session)
    # The hash is empty where it is not known that Jira has what the rule says.
    owed = (Link.issue_id.is_not(None), Link.target_hash == "", Link.state == LinkState.SYNCED)
    session.execute(
        update(Link).where(Link.rule_id == row.id, *owed).values(**Link.due(now()), attempts=0)
    )


def disable(session: Session, row: Rule, author: str, why: str = "") -> None:
    """Take a rule out of force: its records, held ones too, go to the next that takes them."""
    _change(session, row, RuleState.DISABLED, author, why)
    rules.try_unrouted(session)
    held = (Link.rule_id == row.id, Link.state == LinkState.HELD)
    session.execute(update(Link).where(*held).values(**Link.due(now()), attempts=0))


def held_by(session: Session, rule_id: int) -> int:
    """Count the changes that a rule holds."""
    return held_by_rule(session).get(rule_id, 0)


@dataclass(frozen=True)
class Tripped:
    """A rule that is out of force because it no longer fits, and how many changes it holds."""

    name: str
    since: datetime
    held: int
    rule_id: int


def tripped(session: Session) -> list[Tripped]:
    """Give the rules that are tripped, the one that was tripped first at the head."""
    rows = session.scalars(
        select(Rule).where(Rule.state == RuleState.TRIPPED).order_by(Rule.tripped_at, Rule.id)
    )
    held = held_by_rule(session)
    return [
        Tripped(row.name, row.tripped_at or row.updated_at, held.get(row.id, 0), row.id)
        for row in rows
    ]


def held_by_rule(session: Session) -> dict[int, int]:
    """Count the changes that are held, by the id of the rule that holds them."""
    rows = session.execute(
        select(DeadLetter.rule_id, func.count())
        .where(
            DeadLetter.state == DeadLetterState.OPEN,
            DeadLetter.held,
            DeadLetter.rule_id.is_not(None),
        )
        .group_by(DeadLetter.rule_id)
    )
    return {rule_id: count for rule_id, count in rows if rule_id is not None}


def cause(rule_id: int) -> str:
    """Give the cause under which people are told of a tripped rule."""
    return f"rule_tripped:{rule_id}"


def struck_cause(rule_id: int) -> str:
    """Give the cause under which people are told of a rule that will be tripped unless mended."""
    return f"rule_struck:{rule_id}"


def some_fail_cause(rule_id: int) -> str:
    """Give the cause under which people are told of records that a rule would not get through."""
    return f"rule_some_fail:{rule_id}"


def fits_again_cause(rule_id: int) -> str:
    """Give the cause under which people are told that a tripped rule can be put back."""
    return f"rule_fits_again:{rule_id}"


def _in_force(session: Session, rule_id: int, version: int) -> Rule | None:
    return session.scalar(
        select(Rule)
        .where(Rule.id == rule_id, Rule.version == version, Rule.state == RuleState.ACTIVE)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _trip(session: Session, row: Rule, reason: str) -> None:
    row.state = RuleState.TRIPPED
    row.tripped_reason, row.tripped_at = reason, now()
    audit.note(session, audit.GATEWAY, "tripped", rules.subject(row), why=reason)
    # What this one says takes the place of what was said before.
    _over(session, struck_cause(row.id), some_fail_cause(row.id), fits_again_cause(row.id))
    alerts.raise_alert(
        session,
        cause=cause(row.id),
        title=f"Rule {row.name!r} no longer fits and was taken out of force",
        text=f"{_shortened(reason)}\nWhat the rule takes is held, and nothing is lost; other rules "
        f"work on. See what would help with `igw rules shadow {row.name!r}`, mend the rule or the "
        f"target, then put it back and send what it holds with `igw rules enable {row.name!r} "
        "--replay`.",
        wait=timedelta(0),
    )
    rule_changes.announce(session)


def _change(session: Session, row: Rule, state: RuleState, author: str, why: str) -> None:
    before = row.state.value
    row.state = state
    row.tripped_reason, row.tripped_at = "", None
    row.strikes, row.struck_at = 0, None
    action = "enabled" if state is RuleState.ACTIVE else "disabled"
    audit.note(
        session, author, action, rules.subject(row), before=before, after=state.value, why=why
    )
    _over(session, cause(row.id), struck_cause(row.id), fits_again_cause(row.id))
    rule_changes.announce(session)


def _over(session: Session, *causes: str) -> None:
    for one in alerts.open_causes(session, causes):
        alerts.resolve(session, one)


def _shortened(reason: str) -> str:
    return reason if len(reason) <= REASON_IN_ALERT else f"{reason[:REASON_IN_ALERT]} ..."
