"""What the commands of `igw rules` share: finding a rule by its name, and telling of it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, NoReturn

from sqlalchemy.orm import Session

from cli.main import EXIT_FAILED
from cli.output import say, show_table
from core import rule_history
from core import rules as stored
from core.clock import since
from core.mapping.violations import nearest
from core.models import Rule, RuleState, RuleVersion


def named(session: Session, name: str) -> Rule:
    """Give the rule of a name; where there is none, say so and end the command."""
    row = stored.find_rule(session, name)
    if row is None:
        like = nearest(name, [rule.name for rule in stored.all_rules(session)])
        meant = f" Is {like!r} meant?" if like else ""
        refuse(f"There is no rule {name!r}.{meant} See them all: igw rules list")
    return row


def refuse(*lines: str) -> NoReturn:
    """Say why nothing was done, and end the command."""
    for line in lines:
        say(line)
    sys.exit(EXIT_FAILED)


def state_of(row: Rule) -> str:
    """Give a rule's state for people, and since when it is tripped."""
    if row.state is RuleState.TRIPPED and row.tripped_at is not None:
        return f"tripped {since(row.tripped_at)}"
    return row.state.value


def still_out_of_force(row: Rule) -> str:
    """Say how a rule that was changed while out of force comes back; nothing where it is active."""
    if row.state is RuleState.ACTIVE:
        return ""
    replay = " --replay" if row.state is RuleState.TRIPPED else ""
    return (
        f"Rule {row.name!r} is {row.state.value} and stays so until: "
        f"igw rules enable {row.name!r}{replay}"
    )


def moment(when: datetime) -> str:
    """Give a moment in UTC to the minute."""
    return f"{when:%Y-%m-%d %H:%M}"


def changes(count: int) -> str:
    """Give a number of changes in words."""
    return f"{count:,} change" if count == 1 else f"{count:,} changes"


def show_difference(lines: Iterable[str]) -> None:
    """Write a unified diff, coloured."""
    for line in lines:
        say(line, {"+": "green", "-": "red"}.get(line[:1], ""))


def version_facts(versions: Sequence[RuleVersion]) -> list[dict[str, Any]]:
    """Give what each version changed, newest first, as `core.rule_history.versions` gives them."""
    return [asdict(step) for step in rule_history.steps(versions)]


def show_versions(facts: Sequence[dict[str, Any]]) -> None:
    """Write versions as a table."""
    show_table(
        ("VERSION", "WHEN (UTC)", "WHO", "WHAT CHANGED", "NOTE"),
        [
            (
                fact["version"],
                moment(fact["when"]),
                fact["author"],
                fact["changed"],
                fact["note"],
            )
            for fact in facts
        ],
    )
