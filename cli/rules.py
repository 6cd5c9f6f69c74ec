"""`igw rules`: the routing rules, from a file that is reviewed to a rule in force and back."""

from __future__ import annotations

from typing import Any

import click

from cli import rule_files, rule_history, rule_shadow, rule_states
from cli.output import json_option, say, show_facts, show_json, show_table
from cli.rule_output import changes, moment, named, show_versions, state_of, version_facts
from core import rule_history as core_history
from core import rules as stored
from core.database import reading
from core.models import Rule, RuleState
from core.rule_states import STRIKES, held_by, held_by_rule
from core.rule_text import to_yaml

_VERSIONS = 5
"""How many versions `igw rules show` ends with."""


@click.group()
def rules() -> None:
    """List, change and try the routing rules, put them into force and take them out."""


@rules.command(name="list")
@json_option
def list_rules(*, as_json: bool) -> None:
    """Show the rules in the order in which they are tried."""
    with reading() as session:
        rows = stored.all_rules(session)
        held = held_by_rule(session)
    if as_json:
        show_json([_facts(row, held.get(row.id, 0)) for row in rows])
        return
    show_table(
        ("PRIORITY", "RULE", "STATE", "ACTION", "TARGET", "VERSION", "HOLDS"),
        [
            (
                row.priority,
                row.name,
                state_of(row),
                row.action.value,
                f"{row.target_project or ''} {row.target_issue_type or ''}".strip(),
                row.version,
                held.get(row.id, ""),
            )
            for row in rows
        ],
        styles=[_STYLES[row.state] for row in rows],
    )
    tripped = [row.name for row in rows if row.state is RuleState.TRIPPED]
    if tripped:
        say()
        say(f"See why one is tripped, and what to do: igw rules show {tripped[0]!r}")


@rules.command()
@click.argument("name")
@json_option
def show(name: str, *, as_json: bool) -> None:
    """Show one rule: its state, what it holds, the rule as YAML, and its last versions."""
    with reading() as session:
        row = named(session, name)
        held = held_by(session, row.id)
        versions = core_history.versions(session, row)[: _VERSIONS + 1]
    # One more is read than is shown: the oldest of them is compared with it.
    history = version_facts(versions)[:_VERSIONS]
    document = stored.written(row)
    if as_json:
        show_json({**_facts(row, held), "document": document, "versions": history})
        return
    say(row.name, "bold")
    facts = [("state", state_of(row)), ("version", str(row.version))]
    if row.strikes:
        last = f", the last at {moment(row.struck_at)} UTC" if row.struck_at else ""
        facts.append(("strikes", f"{row.strikes} of {STRIKES}{last}"))
    if held:
        facts.append(("holds", changes(held)))
    show_facts(facts)
    if row.tripped_reason:
        say()
        say("Why it is tripped:")
        say(row.tripped_reason, "red")
        say(
            f"Mend Jira or the rule, then: igw rules enable {name!r} --replay. What would help: "
            f"igw rules shadow {name!r}"
        )
    say()
    say(to_yaml([document]).rstrip())
    say()
    show_versions(history)


def _facts(row: Rule, held: int) -> dict[str, Any]:
    return {
        "priority": row.priority,
        "rule": row.name,
        "state": row.state.value,
        "action": row.action.value,
        "target": f"{row.target_project or ''} {row.target_issue_type or ''}".strip(),
        "version": row.version,
        "held": held,
        "strikes": row.strikes,
        "tripped_at": row.tripped_at,
        "tripped_reason": row.tripped_reason,
    }


_STYLES = {RuleState.ACTIVE: "", RuleState.DISABLED: "dim", RuleState.TRIPPED: "red"}

for _command in (
    *(rule_files.export, rule_files.import_rules, rule_files.validate, rule_files.test),
    *(rule_states.enable, rule_states.disable),
    *(rule_shadow.shadow_rules, rule_shadow.mend_rule),
    *(rule_history.history, rule_history.diff, rule_history.rollback),
):
    rules.add_command(_command)
