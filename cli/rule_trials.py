"""Rules tried against Jira before they come into force; nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.output import say
from core.errors import VendorError
from core.mapping import routing, trying
from core.mapping.resolve import Violations, needed_lookups, resolve
from core.mapping.schema import TargetSchema
from core.mapping.violations import Blame, Violation, placed
from core.models import DeadLetter, DeadLetterState, Link

RECENT = 200
"""How many of the newest records a trial looks at."""

NAMED = 3
"""How many records a message names."""


class Jira:
    """Jira as one command sees it: each schema and each account is asked for once.

    `fresh` reads schemas anew instead of taking those of the last hour. Its methods raise
    `VendorError`.
    """

    def __init__(self, *, fresh: bool = False) -> None:
        # Loaded here: most commands of `igw rules` need no vendor.
        from connectors.jira.schema import JiraShapes  # noqa: PLC0415
        from tasks.pf_jira import schemas, wiring  # noqa: PLC0415

        self.shapes = JiraShapes()
        self.accounts: dict[str, str | None] = {}
        self._read = schemas.fresh_schema_of if fresh else schemas.schema_of
        self._account_id_for = wiring.jira().account_id_for
        self._schemas: dict[tuple[str, str], TargetSchema] = {}

    def schema(self, rule: routing.Rule) -> TargetSchema:
        """Give what a rule's target takes."""
        target = (rule.project, rule.issue_type)
        if target not in self._schemas:
            self._schemas[target] = self._read(*target)
        return self._schemas[target]

    def look_up(self, emails: Iterable[str]) -> None:
        """Find the accounts of people; they are in `accounts` then."""
        for email in emails:
            if email not in self.accounts:
                self.accounts[email] = self._account_id_for(email)

    def resolve(
        self, record: dict[str, Any], rule: routing.Rule, *, exists: bool = False
    ) -> Violations | None:
        """Give what keeps a record from fitting under a rule, or None."""
        schema = self.schema(rule)
        self.look_up(needed_lookups(rule, record, schema))
        outcome = resolve(record, rule, schema, self.accounts, self.shapes, exists=exists)
        return outcome if isinstance(outcome, Violations) else None


def check_examples(rules: Sequence[routing.Rule], jira: Jira | None = None) -> dict[str, str]:
    """Try rules on their examples and say each failure; give what is wrong, by the rule's name."""
    wrong: dict[str, str] = {}
    tried = 0
    for rule in rules:
        if not rule.examples:
            continue
        try:
            jira = jira or Jira(fresh=True)
            failures = examples_failing(rule, jira)
        except VendorError as error:
            wrong[rule.name] = f"its examples could not be tried: {error}"
            say(f"The examples of rule {rule.name!r} could not be tried: {error}.")
            continue
        tried += len(rule.examples)
        for failure in failures:
            say(str(failure), "red")
        if failures:
            failing = len({failure.example for failure in failures})
            of = f"{failing} of its {len(rule.examples)} examples"
            wrong[rule.name] = f"{of if len(rule.examples) > 1 else 'its example'} failed"
    if tried and not wrong:
        say(f"{tried} examples were tried, and all hold." if tried > 1 else "Its example holds.")
    return wrong


def examples_failing(rule: routing.Rule, jira: Jira) -> tuple[trying.Failure, ...]:
    """Give the examples of a rule that it does not meet; raises `VendorError`."""
    schema = jira.schema(rule) if trying.need_schema(rule) else None
    if schema is not None:
        jira.look_up(trying.lookups_of_examples(rule, schema))
    return trying.try_examples(rule, schema, jira.accounts, jira.shapes)


def forced(note: str, problem: str) -> str:
    """Give the note of a change that was made although something spoke against it."""
    return "; ".join(part for part in (note, f"forced, although {problem}" * bool(problem)) if part)


@dataclass
class Misfit:
    """One reason for which records do not fit, and the records that it keeps out."""

    words: str
    tasks: list[str] = field(default_factory=list)


@dataclass
class Fit:
    """How a rule fits its target: by itself, and with the records that were tried."""

    tried: int = 0
    failed: int = 0
    misfits: dict[tuple[str, str], Misfit] = field(default_factory=dict)

    def note(self, violations: Iterable[Violation], task: str | None = None) -> None:
        """Add what keeps one record out; without a task, what is wrong whatever the record."""
        for it in violations:
            words = f"{placed('', it.field_id, it.field_name)}: {it.words}"
            misfit = self.misfits.setdefault((it.field_id, it.problem), Misfit(words))
            if task is not None:
                misfit.tasks.append(task)

    def say(self) -> None:
        """Say each reason, and how many of the records it keeps out."""
        for misfit in self.misfits.values():
            say(f"- {misfit.words}", "red")
            if misfit.tasks:
                more = " and others" if len(misfit.tasks) > NAMED else ""
                named = ", ".join(misfit.tasks[:NAMED])
                say(f"  It concerns {len(misfit.tasks)} of {self.tried}: task {named}{more}.")


def try_held(rule: routing.Rule, links: Sequence[Link], jira: Jira) -> Fit:
    """Try a rule on the records that it holds, and on an empty one for what is the rule's fault.

    Raises `VendorError`.
    """
    fit = Fit()
    if rule.action is routing.Action.DROP:
        return fit
    for link, record in zip(links, _records(links, [rule]), strict=True):
        fit.tried += 1
        found = jira.resolve(record, rule, exists=link.issue_id is not None)
        if found is not None:
            fit.failed += 1
            fit.note(found.violations, link.source_id)
    itself = jira.resolve({}, rule)
    if itself is not None:
        fit.note(it for it in itself.violations if it.blame is Blame.RULE)
    return fit


def held_links(session: Session, rule_id: int) -> list[Link]:
    """Give the newest records that a rule holds."""
    held = (
        select(Link)
        .join(DeadLetter, DeadLetter.unit_id == Link.id)
        .where(
            DeadLetter.unit == "link",
            DeadLetter.rule_id == rule_id,
            DeadLetter.state == DeadLetterState.OPEN,
            DeadLetter.held,
        )
    )
    return list(session.scalars(held.order_by(DeadLetter.id.desc()).limit(RECENT)))


def try_recent(
    rules: Sequence[routing.Rule], links: Sequence[Link], jira: Jira
) -> list[dict[str, Any]]:
    """Try rules on records, each on those that it would take first; raises `VendorError`."""
    trials = {rule.name: _trial(rule) for rule in rules}
    for rule in rules:
        trials[rule.name]["failing_examples"] = [
            str(failure) for failure in examples_failing(rule, jira)
        ]
    for link, record in zip(links, _records(links, rules), strict=True):
        rule = routing.route(rules, record).rule
        if rule is None:
            continue
        trial = trials[rule.name]
        trial["matches"] += 1
        if rule.action is routing.Action.DROP:
            continue
        found = jira.resolve(record, rule)
        if found is not None:
            trial["would_fail"] += 1
            if len(trial["refused"]) < NAMED:
                trial["refused"].append({"task": link.source_id, "why": str(found)})
    return list(trials.values())


def _records(links: Sequence[Link], rules: Sequence[routing.Rule]) -> list[dict[str, Any]]:
    """Give the records of links as the rules see them, with the details of people they read."""
    from tasks.pf_jira import wiring  # noqa: PLC0415 - as above
    from tasks.pf_jira.people import with_people  # noqa: PLC0415

    return with_people(wiring.peopleforce(), [link.snapshot for link in links], rules)


def _trial(rule: routing.Rule) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "matches": 0,
        "would_fail": 0,
        "refused": [],
        "examples": len(rule.examples),
        "failing_examples": [],
    }
