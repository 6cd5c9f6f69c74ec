"""`igw rules export`, `import`, `validate` and `test`: rules as files that can be reviewed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from cli.main import EXIT_FAILED
from cli.output import json_option, say, show_json, show_table
from cli.person import author
from cli.rule_output import refuse, show_difference, still_out_of_force
from cli.rule_trials import RECENT, check_examples, forced, try_recent
from core import rules as stored
from core.database import reading, writing
from core.errors import VendorError
from core.mapping import document, routing
from core.mapping.errors import RuleDocumentError
from core.mapping.overlaps import overlaps
from core.models import Link, Rule, RuleState
from core.rule_text import RuleTextError, difference, from_yaml, to_yaml

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
def export(file: Path | None) -> None:
    """Write all rules as YAML to FILE, or to the terminal."""
    with reading() as session:
        text = to_yaml([stored.written(row) for row in stored.all_rules(session)])
    if file is None:
        click.echo(text, nl=False)
    else:
        file.write_text(text, encoding="utf-8")
        say(f"Wrote the rules to {file}.")


@click.command(name="import")
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--force", is_flag=True, help="Change them even where an example fails.")
@click.option("--note", default="", help="Why, for the history and the audit.")
def import_rules(file: Path, *, dry_run: bool, force: bool, note: str) -> None:
    """Put the rules of FILE into force, all or none; they take effect with the next change.

    Rules go by their name. One that is not in the file is left as it is. The examples of rules that
    are in force, or come into force by this, are tried first. Exit code: 1 when the file cannot be
    used, or an example fails.
    """
    wanted = _read(file)
    with reading() as session:
        rows = {row.name: row for row in stored.all_rules(session)}
    changed = [rule for rule in wanted if not _is_as_stored(rule, rows.get(rule.name))]
    for rule in changed:
        _show_change(rows.get(rule.name), rule)
    if not changed:
        say("Nothing would change." if dry_run else "Nothing changed.")
        return
    wrong = check_examples([rule for rule in changed if _in_force(rows.get(rule.name))])
    if wrong and not force:
        refuse(
            "Nothing was changed: mend the rule or its example. If it is to be as it is, --force "
            "writes it all the same."
        )
    names = ", ".join(repr(rule.name) for rule in changed)
    if dry_run:
        say(f"Would change {names}. Nothing was changed.")
        return
    with writing() as session:
        saved = [
            stored.save(session, rule, author(), forced(note, wrong.get(rule.name, "")))
            for rule in changed
        ]
        stored.try_unrouted(session)
    active = [repr(row.name) for row in saved if row.state is RuleState.ACTIVE]
    if active:
        say(f"In force: {', '.join(active)}.")
    for row in saved:
        if row.state is not RuleState.ACTIVE:
            say(f"Changed: {row.name!r}. {still_out_of_force(row)}")


@click.command()
@click.argument("file", type=_FILE)
def validate(file: Path) -> None:
    """Say everything that is wrong with FILE, and which of its rules get in each other's way."""
    wanted = _read(file)
    for overlap in overlaps(wanted):
        say(str(overlap))
    say(f"{file}: {_counted(len(wanted))}, all usable.")


@click.command()
@click.argument("file", type=_FILE, required=False)
@json_option
def test(file: Path | None, *, as_json: bool) -> None:
    """Try FILE, or the rules in force, on their examples and on recent records; writes nothing.

    Both are held against Jira's schema. Exit code: 1 when an example fails, or a record would be
    refused.
    """
    from tasks.pf_jira.rule_checks import Jira  # noqa: PLC0415 - most commands need no vendor

    with reading() as session:
        rules = routing.in_order(_read(file)) if file else stored.active_rules(session)
        links = session.scalars(select(Link).order_by(Link.id.desc()).limit(RECENT)).all()
    try:
        trials = try_recent(rules, links, Jira())
    except VendorError as error:
        refuse(f"Jira's schema could not be read: {error}.")
    if as_json:
        show_json(trials)
    else:
        _show_trials(trials, len(links))
    bad = any(trial["would_fail"] or trial["failing_examples"] for trial in trials)
    sys.exit(EXIT_FAILED if bad else 0)


def _show_trials(trials: Sequence[dict[str, Any]], records: int) -> None:
    say(f"Tried on the {records} newest records.")
    show_table(
        ("RULE", "MATCHES", "WOULD FAIL", "EXAMPLES"),
        [
            (trial["rule"], trial["matches"], trial["would_fail"], _examples_of(trial))
            for trial in trials
        ],
        styles=[
            "red" if trial["would_fail"] or trial["failing_examples"] else "" for trial in trials
        ],
    )
    for trial in trials:
        for failure in trial["failing_examples"]:
            say()
            say(failure)
        for refused in trial["refused"]:
            say()
            say(f"Task {refused['task']}: {refused['why']}")


def _examples_of(trial: dict[str, Any]) -> str:
    if not trial["examples"]:
        return "none"
    return "one fails" if trial["failing_examples"] else f"{trial['examples']} hold"


def _counted(rules: int) -> str:
    return f"{rules} rule" if rules == 1 else f"{rules} rules"


def _in_force(row: Rule | None) -> bool:
    return row is None or row.state is RuleState.ACTIVE


def _is_as_stored(rule: routing.Rule, row: Rule | None) -> bool:
    return row is not None and stored.to_rule(row) == replace(rule, id=row.id)


def _show_change(before: Rule | None, after: routing.Rule) -> None:
    show_difference(
        difference(
            stored.written(before) if before else None,
            document.without_id(document.dump(after)),
            before_is=f"stored: {after.name}" if before else "new",
            after_is=f"file: {after.name}",
        )
    )


def _read(file: Path) -> list[routing.Rule]:
    try:
        documents = from_yaml(file.read_text(encoding="utf-8"))
    except (RuleTextError, UnicodeDecodeError) as error:
        refuse(f"{file} is not YAML: {error}")
    if not isinstance(documents, list):
        refuse(f"{file} holds no list of rules. See what one looks like: igw rules export")
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
        refuse(f"{file} cannot be used:", *wrong)
    return found
