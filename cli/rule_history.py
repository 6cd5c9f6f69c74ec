"""`igw rules history`, `diff` and `rollback`: what a rule was, who changed it, and the way back."""

from __future__ import annotations

import click

from cli.output import json_option, say, show_json
from cli.person import author
from cli.rule_output import (
    named,
    refuse,
    show_difference,
    show_versions,
    still_out_of_force,
    version_facts,
)
from cli.rule_trials import check_examples, forced
from core import rule_history
from core import rules as stored
from core.database import reading, writing
from core.mapping import document
from core.mapping.errors import RuleDocumentError
from core.models import RuleState
from core.rule_history import NoSuchVersionError
from core.rule_text import difference


@click.command()
@click.argument("name")
@json_option
def history(name: str, *, as_json: bool) -> None:
    """Show who changed a rule, when and how; newest first."""
    with reading() as session:
        versions = rule_history.versions(session, named(session, name))
    facts = version_facts(versions)
    if as_json:
        show_json(
            [
                {**fact, "document": version.document}
                for fact, version in zip(facts, versions, strict=True)
            ]
        )
    elif not facts:
        say(f"Rule {name!r} was not changed since its history is kept.")
    else:
        show_versions(facts)
        say()
        say(f"See one change: igw rules diff {name!r} <version> <version>")


@click.command()
@click.argument("name")
@click.argument("before", metavar="[FROM]", type=int, required=False)
@click.argument("after", metavar="[TO]", type=int, required=False)
def diff(name: str, before: int | None, after: int | None) -> None:
    """Show what differs between two versions of a rule: the last change, unless versions are named.

    With one version: what changed since then.
    """
    with reading() as session:
        row = named(session, name)
        to_version = row.version if after is None else after
        from_version = to_version - 1 if before is None else before
        if before is None and from_version < 1:
            refuse(f"Rule {name!r} has one version only, so nothing differs.")
        try:
            old, new = (
                rule_history.as_now_written(
                    rule_history.find_version(session, row, number).document
                )
                for number in (from_version, to_version)
            )
        except NoSuchVersionError as error:
            refuse(str(error))
    lines = difference(
        old, new, before_is=f"version {from_version}", after_is=f"version {to_version}"
    )
    show_difference(lines or [f"Versions {from_version} and {to_version} are the same."])


@click.command()
@click.argument("name")
@click.option("--to", "to_version", type=int, help="The version; the one before, if left out.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--force", is_flag=True, help="Go back even where an example fails.")
@click.option("--note", default="", help="Why, for the history and the audit.")
def rollback(name: str, to_version: int | None, *, dry_run: bool, force: bool, note: str) -> None:
    """Take the last change of a rule back, or go back to a version; that is a new version, too.

    A second rollback takes the first one back. If the rule is in force, the examples of the old
    version are tried first. Exit code: 1 when there is nothing to go back to, or an example fails.
    """
    with reading() as session:
        row = named(session, name)
        try:
            back = rule_history.way_back(session, row, to_version)
        except NoSuchVersionError as error:
            refuse(str(error))
        except RuleDocumentError as error:
            refuse(f"The old version of rule {name!r} cannot be used any more:", str(error))
    show_difference(
        difference(
            stored.written(row),
            document.without_id(document.dump(back.rule)),
            before_is=f"version {row.version}",
            after_is=f"version {back.version}",
        )
    )
    wrong = check_examples([back.rule] if row.state is RuleState.ACTIVE else []).get(name, "")
    if wrong and not force:
        refuse(
            "Nothing was changed: choose another version (--to), or mend the rule as a file. If it "
            "is to be as it was, --force brings it back all the same."
        )
    if dry_run:
        say(f"Would bring back version {back.version}. Nothing was changed.")
        return
    with writing() as session:
        row = named(session, name)
        row = rule_history.rollback(session, row, back.version, author(), forced(note, wrong))
        stored.try_unrouted(session)
    say(f"Rule {name!r} is as it was in version {back.version}; this is version {row.version}.")
    if row.state is not RuleState.ACTIVE:
        say(still_out_of_force(row))
