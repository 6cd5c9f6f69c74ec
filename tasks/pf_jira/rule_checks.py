"""Rules tried against Jira before they come into force; nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.jira.schema import JiraShapes
from core import rule_states, rules
from core.answering import COMMAND, CommandRefusedError, answer
from core.database import reading
from core.errors import VendorError
from core.mapping import document, routing, trying
from core.mapping.resolve import Violations, needed_lookups, resolve
from core.mapping.schema import TargetSchema
from core.mapping.violations import Blame, Violation, placed
from core.models import DeadLetter, DeadLetterState, Link, Rule
from tasks import app
from tasks.pf_jira import schemas, wiring
from tasks.pf_jira.people import with_people
from tasks.pf_jira.trials import Tried, try_now

RECENT = 200
"""How many of the newest records a trial looks at."""

NAMED = 3
"""How many records a message names."""


@app.task(name="pf_jira.check_rule", **COMMAND)
def check_rule(request_id: str) -> None:
    """Answer with what speaks against bringing a rule into force as it is or as it is to be."""
    answer(request_id, _check_rule)


@app.task(name="pf_jira.find_mends", **COMMAND)
def find_mends(request_id: str) -> None:
    """Answer with the changes that would make a rule fit Jira as it is now."""
    answer(request_id, _find_mends)


class Jira:
    """Jira as one command sees it: each schema and each account is asked for once.

    `fresh` reads schemas anew instead of taking those of the last hour. Its methods raise
    `VendorError`.
    """

    def __init__(self, *, fresh: bool = False) -> None:
        self.shapes = JiraShapes()
        self.accounts: dict[str, str | None] = {}
        self._read = schemas.fresh_schema_of if fresh else schemas.schema_of
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
                self.accounts[email] = wiring.jira().account_id_for(email)

    def resolve(
        self, record: dict[str, Any], rule: routing.Rule, *, exists: bool = False
    ) -> Violations | None:
        """Give what keeps a record from fitting under a rule, or None."""
        schema = self.schema(rule)
        self.look_up(needed_lookups(rule, record, schema))
        outcome = resolve(record, rule, schema, self.accounts, self.shapes, exists=exists)
        return outcome if isinstance(outcome, Violations) else None


@dataclass(frozen=True)
class Checked:
    """What speaks against a rule: `problem` in a few words, empty where nothing does, and more."""

    problem: str = ""
    lines: tuple[str, ...] = ()


def check_examples(rule: routing.Rule, jira: Jira) -> Checked:
    """Try a rule on its examples."""
    if not rule.examples:
        return Checked()
    try:
        failures = examples_failing(rule, jira)
    except VendorError as error:
        return Checked(
            f"its examples could not be tried: {error}",
            (f"The examples of rule {rule.name!r} could not be tried: {error}.",),
        )
    if not failures:
        return Checked()
    failing = len({failure.example for failure in failures})
    of = f"{failing} of its {len(rule.examples)} examples"
    problem = f"{of if len(rule.examples) > 1 else 'its example'} failed"
    return Checked(problem, tuple(str(failure) for failure in failures))


def examples_failing(rule: routing.Rule, jira: Jira) -> tuple[trying.Failure, ...]:
    """Give the examples of a rule that it does not meet; raises `VendorError`."""
    schema = jira.schema(rule) if trying.need_schema(rule) else None
    if schema is not None:
        jira.look_up(trying.lookups_of_examples(rule, schema))
    return trying.try_examples(rule, schema, jira.accounts, jira.shapes)


def check_held(rule: routing.Rule, links: Sequence[Link], held: int, jira: Jira) -> Checked:
    """Try a rule on the newest of the changes that it holds, `held` in all."""
    try:
        fit = _try_held(rule, links, jira)
    except VendorError as error:
        return Checked(f"it could not be tried, for Jira's schema could not be read: {error}")
    return Checked(_words(fit, held), tuple(fit.lines()))


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


def records_of(links: Sequence[Link], rules: Sequence[routing.Rule]) -> list[dict[str, Any]]:
    """Give the records of links as the rules see them, with the details of people they read."""
    return with_people(wiring.peopleforce(), [link.snapshot for link in links], rules)


@dataclass
class _Misfit:
    """One reason for which records do not fit, and the records that it keeps out."""

    words: str
    tasks: list[str] = field(default_factory=list)


@dataclass
class _Fit:
    """How a rule fits its target: by itself, and with the records that were tried."""

    tried: int = 0
    failed: int = 0
    misfits: dict[tuple[str, str], _Misfit] = field(default_factory=dict)

    def note(self, violations: Iterable[Violation], task: str | None = None) -> None:
        """Add what keeps one record out; without a task, what is wrong whatever the record."""
        for it in violations:
            words = f"{placed('', it.field_id, it.field_name)}: {it.words}"
            misfit = self.misfits.setdefault((it.field_id, it.problem), _Misfit(words))
            if task is not None:
                misfit.tasks.append(task)

    def lines(self) -> Iterable[str]:
        """Say each reason, and how many of the records it keeps out."""
        for misfit in self.misfits.values():
            yield f"- {misfit.words}"
            if misfit.tasks:
                more = " and others" if len(misfit.tasks) > NAMED else ""
                named = ", ".join(misfit.tasks[:NAMED])
                yield f"  It concerns {len(misfit.tasks)} of {self.tried}: task {named}{more}."


def _try_held(rule: routing.Rule, links: Sequence[Link], jira: Jira) -> _Fit:
    """Try a rule on the records that it holds, and on an empty one for what is its own fault."""
    fit = _Fit()
    if rule.action is routing.Action.DROP:
        return fit
    for link, record in zip(links, records_of(links, [rule]), strict=True):
        fit.tried += 1
        found = jira.resolve(record, rule, exists=link.issue_id is not None)
        if found is not None:
            fit.failed += 1
            fit.note(found.violations, link.source_id)
    itself = jira.resolve({}, rule)
    if itself is not None:
        fit.note(it for it in itself.violations if it.blame is Blame.RULE)
    return fit


def _words(fit: _Fit, held: int) -> str:
    if not fit.failed:
        return "it does not fit Jira" if fit.misfits else ""
    newest = "newest " if held > fit.tried else ""
    if fit.tried == 1:
        return "the change that it holds does not fit Jira"
    if fit.failed == fit.tried:
        return f"none of the {newest}{fit.tried} changes that it holds fits Jira"
    return f"{fit.failed} of the {newest}{fit.tried} changes that it holds would be refused by Jira"


def both(first: Checked, second: Checked) -> Checked:
    """Give what either of two checks found.

    Where nothing could be tried, the first reason for that is enough.
    """
    if first.problem and second.problem and not second.lines:
        return first
    problem = ", and ".join(it.problem for it in (first, second) if it.problem)
    return Checked(problem, first.lines + second.lines)


def _check_rule(arguments: Mapping[str, Any]) -> dict[str, Any]:
    rule = document.parse(arguments["document"])
    jira = Jira(fresh=True)
    found = check_examples(rule, jira)
    if arguments["held"]:
        with reading() as session:
            links = held_links(session, arguments["rule_id"])
            held = rule_states.held_by(session, arguments["rule_id"])
        found = both(found, check_held(rule, links, held, jira))
    return {"problem": found.problem, "lines": found.lines, "examples": len(rule.examples)}


def _find_mends(arguments: Mapping[str, Any]) -> dict[str, Any]:
    with reading() as session:
        row = session.get(Rule, arguments["rule_id"])
    if row is None:
        raise CommandRefusedError("The rule is not there any more.")
    tried = try_now(rules.to_rule(row))
    return {
        "version": row.version,
        "verdict": tried.verdict.value,
        "summary": tried.summary,
        "findings": [str(finding) for finding in tried.findings],
        "mends": _mends(tried),
    }


def _mends(tried: Tried) -> list[dict[str, Any]]:
    return [
        {
            "key": mend.key,
            "text": mend.text,
            "details": list(mend.details),
            "helps": mend.helps,
            "of": tried.failed,
            "document": None
            if mend.rule is None
            else document.without_id(document.dump(mend.rule)),
        }
        for mend in tried.mends
    ]
