"""`igw rules`: the routing rules as files that can be reviewed, tried and put into force."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.main import EXIT_FAILED
from cli.output import json_option, say, show_json, show_table
from core import rules as stored
from core.database import reading, writing
from core.errors import VendorError
from core.mapping import document, routing
from core.mapping.errors import RuleDocumentError
from core.mapping.overlaps import overlaps
from core.mapping.resolve import Violations, needed_lookups, resolve
from core.models import Link, Rule, RuleState

RECENT = 200
"""How many of the newest records a trial looks at."""

_EXAMPLES = 3


@click.group()
def rules() -> None:
    """List, export, import and try the routing rules."""


@rules.command(name="list")
@json_option
def list_rules(*, as_json: bool) -> None:
    """Show the rules in the order in which they are tried."""
    with reading() as session:
        rows = _rows(session)
    facts = [
        {
            "priority": row.priority,
            "rule": row.name,
            "state": row.state.value,
            "action": row.action.value,
            "target": f"{row.target_project or ''} {row.target_issue_type or ''}".strip(),
            "version": row.version,
        }
        for row in rows
    ]
    if as_json:
        show_json(facts)
    else:
        columns = ("priority", "rule", "state", "action", "target", "version")
        show_table([c.upper() for c in columns], [[fact[c] for c in columns] for fact in facts])


@rules.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
def export(file: Path | None) -> None:
    """Write all rules as YAML to FILE, or to the terminal."""
    with reading() as session:
        text = _written([stored.to_rule(row) for row in _rows(session)])
    if file is None:
        click.echo(text, nl=False)
    else:
        file.write_text(text, encoding="utf-8")
        say(f"Wrote the rules to {file}.")


@rules.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
def import_rules(file: Path, *, dry_run: bool) -> None:
    """Put the rules of FILE into force, all or none; they take effect with the next change.

    Rules go by their name. One that is not in the file is left as it is. Exit code: 1 when the file
    cannot be used.
    """
    wanted = _read(file)
    with reading() as session:
        present = {row.name: stored.to_rule(row) for row in _rows(session)}
    changed = [rule for rule in wanted if _text(present.get(rule.name)) != _text(rule)]
    for rule in changed:
        _show_difference(present.get(rule.name), rule)
    if not changed:
        say("Nothing would change." if dry_run else "Nothing changed.")
        return
    names = ", ".join(repr(rule.name) for rule in changed)
    if dry_run:
        say(f"Would change {names}. Nothing was changed.")
        return
    with writing() as session:
        for rule in changed:
            stored.save(session, rule)
        stored.try_unrouted(session)
    say(f"In force: {names}.")


@rules.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def validate(file: Path) -> None:
    """Say everything that is wrong with FILE, and which of its rules get in each other's way."""
    wanted = _read(file)
    for overlap in overlaps(wanted):
        say(str(overlap))
    say(f"{file}: {len(wanted)} rules, all of them usable.")


@rules.command()
@click.argument(
    "file", type=click.Path(path_type=Path, dir_okay=False, exists=True), required=False
)
@json_option
def test(file: Path | None, *, as_json: bool) -> None:
    """Try FILE, or the rules in force, on recent records against Jira's schema; writes nothing.

    Exit code: 1 when a record would be refused.
    """
    with reading() as session:
        rules = routing.in_order(_read(file)) if file else stored.active_rules(session)
        links = session.scalars(select(Link).order_by(Link.id.desc()).limit(RECENT)).all()
    try:
        trials = _try(rules, links)
    except VendorError as error:
        say(f"Jira's schema could not be read: {error}.")
        sys.exit(EXIT_FAILED)
    if as_json:
        show_json(trials)
    else:
        _show_trials(trials, len(links))
    sys.exit(EXIT_FAILED if any(trial["would_fail"] for trial in trials) else 0)


@rules.command()
@click.argument("name")
def enable(name: str) -> None:
    """Put a rule into force that was disabled."""
    _set_state(name, RuleState.ACTIVE)


@rules.command()
@click.argument("name")
def disable(name: str) -> None:
    """Take a rule out of force; issues that it made keep their status in step."""
    _set_state(name, RuleState.DISABLED)


def _set_state(name: str, state: RuleState) -> None:
    with writing() as session:
        row = session.scalar(select(Rule).where(Rule.name == name))
        if row is not None:
            row.state = state
            stored.try_unrouted(session)
    if row is None:
        say(f"There is no rule {name!r}. See them all: igw rules list")
        sys.exit(EXIT_FAILED)
    say(f"Rule {name!r} is {state.value}.")


def _try(rules: Sequence[routing.Rule], links: Sequence[Link]) -> list[dict[str, Any]]:
    # Loaded here: the other commands of this group need no vendor.
    from connectors.jira.schema import JiraShapes  # noqa: PLC0415
    from tasks.pf_jira import wiring  # noqa: PLC0415
    from tasks.pf_jira.schemas import schema_of  # noqa: PLC0415

    accounts: dict[str, str | None] = {}
    shapes = JiraShapes()
    trials = {rule.name: _trial(rule) for rule in rules}
    for link in links:
        rule = routing.route(rules, link.snapshot).rule
        if rule is None:
            continue
        trial = trials[rule.name]
        trial["matches"] += 1
        if rule.action is routing.Action.DROP:
            continue
        schema = schema_of(rule.project, rule.issue_type)
        for email in needed_lookups(rule, link.snapshot, schema) - accounts.keys():
            accounts[email] = wiring.jira().account_id_for(email)
        outcome = resolve(link.snapshot, rule, schema, accounts, shapes)
        if isinstance(outcome, Violations):
            trial["would_fail"] += 1
            if len(trial["examples"]) < _EXAMPLES:
                trial["examples"].append({"task": link.source_id, "why": str(outcome)})
    return list(trials.values())


def _trial(rule: routing.Rule) -> dict[str, Any]:
    return {"rule": rule.name, "matches": 0, "would_fail": 0, "examples": []}


def _show_trials(trials: Sequence[dict[str, Any]], records: int) -> None:
    say(f"Tried on the {records} newest records.")
    show_table(
        ("RULE", "MATCHES", "WOULD FAIL"),
        [(trial["rule"], trial["matches"], trial["would_fail"]) for trial in trials],
        styles=["red" if trial["would_fail"] else "" for trial in trials],
    )
    for trial in trials:
        for example in trial["examples"]:
            say()
            say(f"Task {example['task']}: {example['why']}")


def _rows(session: Session) -> list[Rule]:
    return list(session.scalars(select(Rule).order_by(Rule.priority, Rule.id)))


def _read(file: Path) -> list[routing.Rule]:
    try:
        documents = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        say(f"{file} is not YAML: {error}")
        sys.exit(EXIT_FAILED)
    if not isinstance(documents, list):
        say(f"{file} holds no list of rules. See what one looks like: igw rules export")
        sys.exit(EXIT_FAILED)
    found: list[routing.Rule] = []
    wrong: list[str] = []
    for part in documents:
        try:
            found.append(document.parse(part))
        except RuleDocumentError as error:
            wrong.append(str(error))
    names = [rule.name for rule in found]
    wrong += [
        f"Rule {name!r} stands in the file twice." for name in set(names) if names.count(name) > 1
    ]
    if wrong:
        say(f"{file} cannot be used:")
        for problem in wrong:
            say(problem)
        sys.exit(EXIT_FAILED)
    return found


def _show_difference(before: routing.Rule | None, after: routing.Rule) -> None:
    lines = difflib.unified_diff(
        _text(before).splitlines(),
        _text(after).splitlines(),
        f"in force: {after.name}" if before else "new",
        f"file: {after.name}",
        lineterm="",
    )
    for line in lines:
        say(line, {"+": "green", "-": "red"}.get(line[:1], ""))


def _text(rule: routing.Rule | None) -> str:
    return _written([rule]) if rule else ""


def _written(rules: Sequence[routing.Rule]) -> str:
    """Write rules as YAML, without the ids that a database gave them."""
    documents = [
        {key: value for key, value in document.dump(rule).items() if key != "id"} for rule in rules
    ]
    return yaml.safe_dump(documents, allow_unicode=True, sort_keys=False, width=100)
