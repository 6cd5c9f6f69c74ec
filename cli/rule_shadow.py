"""`igw rules shadow` and `igw rules mend`: rules tried on real records, and changed to fit."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cli.main import EXIT_FAILED
from cli.output import json_option, say, show_json, show_table
from cli.person import author
from cli.rule_output import named, show_difference
from core import rules, shadow
from core.database import reading, writing
from core.dispatch import publish
from core.errors import PayloadError, VendorError
from core.mapping import document
from core.models import Rule, RuleState, RunState, ShadowResult, ShadowRun, ShadowVerdict
from core.rule_text import difference

if TYPE_CHECKING:
    from core.mapping.mending import Mend
    from tasks.pf_jira.trials import Tried

DOMAIN, TASK = "pf_jira", "pf_jira.shadow"

PICKED_UP_WITHIN = 15.0
"""Seconds after which a run that nobody works on means that nobody is there to."""

WAIT_SECONDS = 900.0
"""How long a run is waited for; hundreds of people to look up take minutes."""

_STYLES = {
    ShadowVerdict.UNFIT: "red",
    ShadowVerdict.SOME_FAIL: "yellow",
    ShadowVerdict.UNKNOWN: "yellow",
}
_WORDS = {
    ShadowVerdict.FITS: "fits",
    ShadowVerdict.SOME_FAIL: "some fail",
    ShadowVerdict.UNFIT: "unfit",
    ShadowVerdict.UNUSED: "unused",
    ShadowVerdict.UNKNOWN: "unknown",
}
_DONE = {
    "strike": "It is tried again in about five minutes, and taken out of force unless it fits.",
    "tripped": "It was taken out of force; what it takes is held.",
    "enabled": "It was put back into force, and what it held is sent.",
}


@click.command(name="shadow")
@click.argument("name", required=False)
@json_option
@click.pass_context
def shadow_rules(ctx: click.Context, name: str | None, *, as_json: bool) -> None:
    """Have a worker try all rules, or the rule NAME, on their newest records against Jira.

    What is found counts like what a night finds: a rule that does not fit gets a strike. Exit code:
    1 when a rule does not fit, when records would be refused, or when nothing could be found out.
    """
    with writing() as session:
        if name is not None:
            named(session, name)
        run_id = shadow.ask(session, DOMAIN, author(), name)
    if not publish(TASK, run_id):
        say("The broker does not answer. See what is wrong with: igw doctor")
        ctx.exit(EXIT_FAILED)
    run = _wait_for(run_id, quiet=as_json)
    if run is None:
        ctx.exit(EXIT_FAILED)
    with reading() as session:
        found = shadow.results(session, run_id)
    if as_json:
        show_json(_as_document(run, found))
    elif run.state is RunState.FAILED:
        say(f"Nothing could be found out: {run.reason.rstrip('.')}. No rule was changed by that.")
    else:
        _show(run, found)
    bad = any(result.verdict in _STYLES for result, _ in found)
    ctx.exit(EXIT_FAILED if bad or run.state is not RunState.DONE else 0)


@click.command(name="mend")
@click.argument("name")
@click.argument("key", required=False)
@click.option("--apply", "apply_it", is_flag=True, help="Change the rule.")
@click.pass_context
def mend_rule(ctx: click.Context, name: str, key: str | None, *, apply_it: bool) -> None:
    """Show the changes that would make the rule NAME fit Jira as it is now, or make one of them.

    KEY names one of them. Nothing is changed without --apply. Exit code: 1 when there is no such
    change.
    """
    with reading() as session:
        row = named(session, name)
    # Loaded here: `shadow` leaves the work to a worker, and needs no vendor.
    from tasks.pf_jira.trials import try_now  # noqa: PLC0415

    try:
        tried = try_now(rules.to_rule(row))
    except (VendorError, PayloadError) as error:
        say(f"Jira could not be asked: {error}.")
        ctx.exit(EXIT_FAILED)
    mends = [mend for mend in tried.mends if key in (None, mend.key)]
    say(tried.summary)
    if not mends:
        _say_no_mend(name, key, tried)
        ctx.exit(EXIT_FAILED if key or tried.findings else 0)
    for mend in mends:
        say()
        _show_mend(tried, mend)
    if apply_it:
        ctx.exit(0 if _apply(row, mends) else EXIT_FAILED)
    say()
    say(f"Nothing was changed. Choose one: igw rules mend {shlex.quote(name)} KEY --apply")


def _wait_for(run_id: int, *, quiet: bool) -> ShadowRun | None:
    """Wait until a run is over, and tell how far it is; None where nobody works on it."""
    began = time.monotonic()
    done = -1
    while time.monotonic() < began + WAIT_SECONDS:
        with reading() as session:
            run = shadow.find(session, run_id)
            first = shadow.oldest_unfinished(session, DOMAIN)
        if run is None:
            say(f"Run {run_id} is gone; somebody cleared it out.")
            return None
        if run.state not in shadow.UNFINISHED:
            return run
        if run.state is RunState.RUNNING and run.rules_done != done and not quiet:
            done = run.rules_done
            say(f"{done} of {run.rules_total} rules tried ..." if run.rules_total else "Begun ...")
        late = time.monotonic() > began + PICKED_UP_WITHIN
        if late and run.state is RunState.WAITING and first == run_id:
            say(
                f"No worker took it up within {PICKED_UP_WITHIN:.0f} s: the worker {DOMAIN} does "
                f"not run, or is busy. See data/logs/worker-{DOMAIN}.log and: igw doctor\n"
                "It is done as soon as the worker is there."
            )
            return None
        time.sleep(0.2)
    say(f"It is not done after {WAIT_SECONDS / 60:.0f} minutes. See data/logs/worker-{DOMAIN}.log")
    return None


def _show(run: ShadowRun, found: Sequence[tuple[ShadowResult, Rule]]) -> None:
    say(f"Tried on {run.records} of the newest records, against Jira as it is now.")
    show_table(
        ("RULE", "STATE", "VERDICT", "RECORDS", "WOULD FAIL"),
        [
            (rule.name, rule.state.value, _WORDS[result.verdict], result.tried, result.failed)
            for result, rule in found
        ],
        styles=[_STYLES.get(result.verdict, "") for result, _ in found],
    )
    for result, rule in found:
        if result.verdict in _STYLES or result.action:
            say()
            say(f"{rule.name}: {result.summary}", _STYLES.get(result.verdict, "bold"))
            _show_problems(result, rule)
    # Each stands with both of its rules.
    for collision in dict.fromkeys(it for result, _ in found for it in result.collisions):
        say()
        say(collision)


def _show_problems(result: ShadowResult, rule: Rule) -> None:
    for finding in result.findings:
        say(f"  {finding['text']}")
        if finding["values"]:
            values = ", ".join(f"{value} ({count})" for value, count in finding["values"])
            say(f"    Refused: {values}.")
        if finding["examples"]:
            more = finding["records"] - len(finding["examples"])
            others = f" and {more} more" if more > 0 else ""
            say(f"    Tasks: {', '.join(finding['examples'])}{others}.")
    for mend in result.mends:
        seen = f" (seen to help {mend['helps']} of {mend['of']})" if mend["helps"] else ""
        say(f"  What would help: {mend['text']}{seen}.", "green" if mend["applicable"] else "")
        if mend["applicable"]:
            say(f"    igw rules mend {shlex.quote(rule.name)} {mend['key']} --apply")
    if result.action in _DONE:
        say(f"  {_DONE[result.action]}")
    if result.action == "offered":
        say(f"  It fits again: igw rules enable {shlex.quote(rule.name)} --replay")


def _as_document(run: ShadowRun, found: Sequence[tuple[ShadowResult, Rule]]) -> dict[str, Any]:
    return {
        "run": run.id,
        "state": run.state.value,
        "reason": run.reason,
        "records": run.records,
        "rules": [
            {
                "rule": rule.name,
                "state": rule.state.value,
                "version": result.rule_version,
                "verdict": result.verdict.value,
                "summary": result.summary,
                "records": result.tried,
                "would_fail": result.failed,
                "findings": result.findings,
                "mends": result.mends,
                "collisions": result.collisions,
                "action": result.action,
            }
            for result, rule in found
        ],
    }


def _show_mend(tried: Tried, mend: Mend) -> None:
    seen = f" (seen to help {mend.helps} of {tried.failed} records)" if mend.helps else ""
    say(f"{mend.key}: {mend.text}{seen}", "bold")
    for line in mend.details:
        say(f"  {line}")
    if mend.rule is None:
        return
    before, after = (document.without_id(document.dump(rule)) for rule in (tried.rule, mend.rule))
    show_difference(difference(before, after, before_is="as it is", after_is="mended"))


def _apply(row: Rule, mends: Sequence[Mend]) -> bool:
    """Make the one mend that is meant, as a new version of the rule."""
    possible = [mend for mend in mends if mend.rule is not None]
    say()
    if len(possible) != 1:
        keys = ", ".join(mend.key for mend in possible)
        say(f"Nothing was changed. Name the one to make: {keys}" if keys else _TO_CHOOSE)
        return False
    [mend] = possible
    with writing() as session:
        stored = rules.find_rule(session, row.name)
        same = stored is not None and stored.version == row.version
        if same and mend.rule is not None:
            stored = rules.save(session, mend.rule, author(), f"mended: {mend.text}")
            rules.try_unrouted(session)
    if not same or stored is None:
        say(f"Nothing was changed: somebody else changed rule {row.name!r} at this moment.")
        return False
    say(f"Rule {row.name!r} was changed (version {stored.version}).")
    if stored.state is RuleState.TRIPPED:
        say(f"Put it back: igw rules enable {shlex.quote(row.name)} --replay")
    return True


_TO_CHOOSE = (
    "Nothing was changed: a person has to choose. Write it into the rule: igw rules export, then "
    "igw rules import"
)


def _say_no_mend(name: str, key: str | None, tried: Tried) -> None:
    if key is not None:
        known = ", ".join(mend.key for mend in tried.mends)
        say(f"Rule {name!r} has no mend {key!r} now{f'; it has {known}' if known else ''}.")
    elif tried.findings or tried.verdict is ShadowVerdict.UNFIT:
        say("No change of the rule is known that would help.")
    for finding in tried.findings:
        say(f"  {finding}")
