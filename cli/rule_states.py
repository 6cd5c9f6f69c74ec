"""`igw rules enable` and `disable`: rules into force and out of it."""

from __future__ import annotations

import click

from cli.output import say
from cli.person import at_terminal, author
from cli.replay import replay_rule
from cli.rule_output import changes, named, refuse
from cli.rule_trials import check_examples, forced
from core import rule_states
from core import rules as stored
from core.database import reading, writing
from core.mapping import routing
from core.models import RuleState


@click.command()
@click.argument("name")
@click.option(
    "--replay/--no-replay", default=None, help="Send what it holds, or leave it held; else asked."
)
@click.option("--force", is_flag=True, help="Put it into force even where something does not fit.")
@click.option("--note", default="", help="Why, for the audit.")
def enable(name: str, *, replay: bool | None, force: bool, note: str) -> None:
    """Put a rule into force that was tripped or disabled.

    Its examples, and the newest changes that it holds, are tried first against Jira's schema, read
    fresh. Exit code: 1 when something does not fit, or there is no such rule.
    """
    with reading() as session:
        row = named(session, name)
        rule = stored.to_rule(row)
        held = rule_states.held_by(session, row.id)
    if row.state is RuleState.ACTIVE:
        say(f"Rule {name!r} is active already; nothing was changed.")
        _say_how_to_send(name, held)
        return
    problem = _problem(rule, held)
    if problem and not force:
        refuse(
            f"Rule {name!r} stays {row.state.value}: {problem}.",
            "Mend Jira or the rule (igw rules export and import), then enable it again. --force "
            "puts it into force as it is; what does not fit becomes a dead letter, or trips it.",
        )
    with writing() as session:
        present = named(session, name)
        if (present.state, present.version) != (row.state, row.version):
            refuse(f"Rule {name!r} was changed by somebody else meanwhile; look at it again.")
        rule_states.enable(session, present, author(), forced(note, problem))
    say(f"Rule {name!r} is active.")
    if held and (_wants_replay(held) if replay is None else replay):
        sent = replay_rule(present)
        say(f"{changes(sent)} {'is' if sent == 1 else 'are'} sent now. See: igw status")
    else:
        _say_how_to_send(name, held)


@click.command()
@click.argument("name")
@click.option("--note", default="", help="Why, for the audit.")
def disable(name: str, *, note: str) -> None:
    """Take a rule out of force; issues that it made keep their status in step.

    What it would take goes to the next rule that takes it.
    """
    with writing() as session:
        row = named(session, name)
        held = rule_states.held_by(session, row.id)
        before = row.state
        if before is not RuleState.DISABLED:
            rule_states.disable(session, row, author(), note)
    if before is RuleState.DISABLED:
        say(f"Rule {name!r} is disabled already; nothing was changed.")
        return
    say(f"Rule {name!r} is disabled.")
    if held:
        say(
            f"The {changes(held)} that it held go to the next rule that takes them, within ten "
            "seconds; without one they are unrouted. See what comes of them: igw status"
        )


def _problem(rule: routing.Rule, held: int) -> str:
    """Say what speaks against putting a rule into force, after telling it in detail."""
    # Loaded here: most commands of `igw rules` need no vendor.
    from tasks.pf_jira import rule_checks  # noqa: PLC0415

    jira = rule_checks.Jira(fresh=True)
    examples = rule_checks.Checked(check_examples([rule], jira).get(rule.name, ""))
    with reading() as session:
        links = rule_checks.held_links(session, rule.id)
    found = rule_checks.check_held(rule, links, held, jira)
    for line in found.lines:
        say(line, "red" if line.startswith("-") else "")
    return rule_checks.both(examples, found).problem


def _wants_replay(held: int) -> bool:
    if not at_terminal():
        return False
    are = "is" if held == 1 else "are"
    return click.confirm(f"{changes(held)} {are} held. Send them now?", default=True)


def _say_how_to_send(name: str, held: int) -> None:
    if held:
        say(f"It holds {changes(held)}. Send them: igw replay --rule {name!r}")
