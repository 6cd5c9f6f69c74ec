"""Changes of rules by people who saw them some time ago: nobody overwrites what he has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import rule_history, rules
from core.errors import GatewayError
from core.mapping import routing
from core.mapping.errors import RuleDocumentError, RuleError
from core.models import Rule, RuleState, RuleVersion
from core.rule_history import Step
from core.rule_order import renumbered


class ChangedMeanwhileError(GatewayError):
    """The rule is not as its editor saw it; `since` tells what others did, newest first."""

    def __init__(self, name: str, version: int, since: Sequence[Step]) -> None:
        super().__init__(name, version, since)
        self.name, self.version, self.since = name, version, tuple(since)

    def __str__(self) -> str:
        done = "; ".join(f"{step.author}: {step.changed}" for step in self.since)
        return (
            f"Rule {self.name!r} was changed since you opened it ({done}). Nothing was overwritten."
        )


class OrderChangedError(GatewayError):
    """The rules are not in the order in which somebody saw them; the message says whose doing."""


class NoSuchRuleError(GatewayError):
    """There is no rule of this id."""


@dataclass(frozen=True)
class Seen:
    """A rule as somebody saw it before he changed it."""

    rule_id: int
    version: int
    state: RuleState | None = None
    """Where given, that must be the same, too."""


def present(session: Session, seen: Seen) -> Rule:
    """Give the rule that somebody means, if it still is as he saw it.

    Raises `NoSuchRuleError`, or `ChangedMeanwhileError` where others were faster.
    """
    row = session.get(Rule, seen.rule_id, with_for_update=True)
    if row is None:
        raise NoSuchRuleError(f"there is no rule with the id {seen.rule_id}")
    if row.version != seen.version:
        raise ChangedMeanwhileError(row.name, row.version, changes_since(session, row, seen))
    if seen.state is not None and row.state is not seen.state:
        reason = row.tripped_reason if row.state is RuleState.TRIPPED else ""
        step = Step(row.version, row.updated_at, "meanwhile", reason, f"it is {row.state.value}")
        raise ChangedMeanwhileError(row.name, row.version, [step])
    return row


def changes_since(session: Session, row: Rule, seen: Seen) -> list[Step]:
    """Give what was done to a rule after the version that somebody saw, newest first."""
    found = rule_history.steps(rule_history.versions(session, row))
    return [step for step in found if step.version > seen.version]


def create(
    session: Session, rule: routing.Rule, author: str, note: str = "", *, in_force: bool = True
) -> Rule:
    """Store a rule that is new; raises RuleDocumentError where its name is taken.

    One that is not to be in force yet begins disabled.
    """
    _check_name(session, rule.name, None)
    row = rules.save(session, rule, author, note)
    if not in_force:
        row.state = RuleState.DISABLED
    rules.try_unrouted(session)
    return row


def change(session: Session, seen: Seen, rule: routing.Rule, author: str, note: str = "") -> Rule:
    """Store a new version of a rule; raises as `present` and `create` do.

    A version that says what is there already is none: the rule is given as it is.
    """
    row = present(session, seen)
    if rules.to_rule(row) == replace(rule, id=row.id):
        return row
    _check_name(session, rule.name, row.id)
    row = rules.save(session, rule, author, note, row=row)
    rules.try_unrouted(session)
    return row


def order_of(rows: Sequence[Rule]) -> str:
    """Give what is another text as soon as the order of rules is another, or may be."""
    return ",".join(f"{row.id}:{row.priority}" for row in rows)


def reorder(
    session: Session, seen: str, wanted: Sequence[int], author: str
) -> dict[str, tuple[int, int]]:
    """Bring all rules into an order; give the changed priorities, old and new, by the rule's name.

    `seen` is what `order_of` gave when the order was shown. Raises `OrderChangedError` where it is
    another one by now, and ValueError where `wanted` does not name each rule once.
    """
    rows = rules.all_rules(session)
    if order_of(rows) != seen:
        raise OrderChangedError(_who_changed(session, rows, seen))
    by_id = {row.id: row for row in rows}
    if sorted(wanted) != sorted(by_id):
        message = "the order must name each rule once"
        raise ValueError(message)
    new = renumbered({row.id: row.priority for row in rows}, wanted)
    done: dict[str, tuple[int, int]] = {}
    for rule_id, priority in new.items():
        row = by_id[rule_id]
        done[row.name] = (row.priority, priority)
        rule = replace(rules.to_rule(row), priority=priority)
        rules.save(session, rule, author, "moved in the order of the rules", row=row)
    if done:
        rules.try_unrouted(session)
    return done


def _check_name(session: Session, name: str, rule_id: int | None) -> None:
    other = session.scalar(select(Rule.id).where(Rule.name == name))
    if other is not None and other != rule_id:
        problem = f"another rule has the name {name!r}"
        raise RuleDocumentError([RuleError(problem, "choose another one", "name", name)])


def _who_changed(session: Session, rows: Sequence[Rule], seen: str) -> str:
    known: Mapping[str, str] = dict(part.split(":", 1) for part in seen.split(",") if ":" in part)
    other = [row for row in rows if known.get(str(row.id)) != str(row.priority)]
    found = session.scalars(
        select(RuleVersion)
        .where(RuleVersion.rule_id.in_([row.id for row in other]))
        .order_by(RuleVersion.id.desc())
        .limit(1)
    ).first()
    names = ", ".join(repr(row.name) for row in other[:3]) or "the rules"
    who = f"{found.author} changed" if found is not None else "somebody changed"
    return (
        f"The order was not saved: {who} {names} meanwhile. This is the order as it is now; make "
        "your change again."
    )
