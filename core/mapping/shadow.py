"""What becomes of a rule that is tried on real records against the schema as it is now. Pure.

Nothing that is said here repeats a record's value, with one exception that is named: people read
it in places where no personal data may be.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from core.mapping.casts import Lookups
from core.mapping.record import Record
from core.mapping.resolve import Shapes, Violations, resolve
from core.mapping.routing import Action, Rule
from core.mapping.schema import CHOICES, PEOPLE, TargetField, TargetSchema
from core.mapping.violations import Blame, Violation

FEWEST = 5
"""Records below which a share of them says nothing about their rule."""

SHARE_PERCENT = 50

EXAMPLES = 5
VALUES = 10
"""Different refused values that a finding names."""

_SAID = 3
"""Findings that a summary or a reason spells out; the others are counted."""

_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_NUMBERS = re.compile(r"\d[\d,]*")


class Verdict(StrEnum):
    """What is found about a rule."""

    FITS = "fits"
    SOME_FAIL = "some_fail"
    """Some records would be refused, by their own fault or too few to blame the rule."""
    UNFIT = "unfit"
    """The rule does not fit the target any more."""
    UNUSED = "unused"
    """It fits, and took none of the records."""


@dataclass(frozen=True)
class Trial:
    """A rule and all that it is tried on: records by id, and a made-up one that has hardly a value.

    `written` holds the JSON of the fields that the target was last given for a record, by the
    record's id, where it was given for the record as it is.
    """

    rule: Rule
    records: Mapping[str, Record]
    synthetic: Record
    schema: TargetSchema
    lookups: Lookups
    shapes: Shapes
    written: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def violations(self, record: Record, rule: Rule | None = None) -> tuple[Violation, ...]:
        """Give what keeps a record from being made anew under the rule, or under another one."""
        outcome = resolve(record, rule or self.rule, self.schema, self.lookups, self.shapes)
        return outcome.violations if isinstance(outcome, Violations) else ()


@dataclass(frozen=True)
class Finding:
    """One problem of one field, however many records have it.

    `violation` is one of theirs, without what came from the record. `values` are the refused
    values with how many records have each: of fields whose values are chosen from a list alone,
    because those are words of an organisation and not of a person.
    """

    violation: Violation
    records: int = 0
    examples: tuple[str, ...] = ()
    values: tuple[tuple[str, int], ...] = ()
    rule_at_fault: bool = False

    def __str__(self) -> str:
        return str(self.violation).removeprefix(f"Rule {self.violation.rule!r}, ")


@dataclass(frozen=True)
class Examination:
    """What was found about one rule.

    `summary` is the verdict in a sentence; `reason` says more, for alerts and for whoever asks why
    a rule was taken out of force, and is empty where there is nothing to mend.
    """

    verdict: Verdict
    summary: str
    reason: str = ""
    tried: int = 0
    failed: int = 0
    findings: tuple[Finding, ...] = ()


def examine(trial: Trial, share_percent: int = SHARE_PERCENT) -> Examination:
    """Try a rule on its records and judge it.

    A rule is to blame where no record could do better, and where one field refuses a share of the
    records: a renamed option looks like the fault of each record that has it, and only how many
    they are tells it apart. People who were not found are left out of that count: an account that
    was closed says nothing about the rule. The made-up record counts for what no record could do
    better at, and for nothing else.
    """
    groups: dict[tuple[str, ...], _Group] = {}
    failed = 0
    for record_id, record in trial.records.items():
        violations = trial.violations(record)
        failed += bool(violations)
        for violation in violations:
            groups.setdefault(_kind_of(violation), _Group()).add(violation, record_id)
    for violation in trial.violations(trial.synthetic):
        if violation.blame is Blame.RULE:
            groups.setdefault(_kind_of(violation), _Group()).add(violation)
    findings = [group.finding(trial.schema) for group in groups.values()]
    findings = _with_fault(findings, len(trial.records), share_percent, trial.schema)
    findings.sort(key=lambda it: (not it.rule_at_fault, -it.records, it.violation.field_id))
    return _judged(tuple(findings), len(trial.records), failed)


def left_out(rule: Rule, tried: int) -> Examination:
    """Give the verdict on a rule that makes nothing, so that nothing of it can be refused."""
    if rule.action is not Action.DROP:
        message = f"rule {rule.name!r} makes something"
        raise ValueError(message)
    if not tried:
        return Examination(Verdict.UNUSED, "It took none of the newest records.")
    return Examination(Verdict.FITS, f"It left {_counted(tried)} out.", tried=tried)


def without_target(rule: Rule, tried: int, why: str) -> Examination:
    """Give the verdict on a rule whose target is gone: nothing of it could be made.

    `why` is the target's own answer.
    """
    target = f"{rule.project}, {rule.issue_type}"
    problem = f"its target {target} is not there any more, or not for the gateway: {why}"
    return Examination(
        Verdict.UNFIT,
        f"All of its {_counted(tried)} would be refused: {problem}."
        if tried
        else f"Whatever it takes would be refused: {problem}.",
        f"{problem[:1].upper()}{problem[1:]}. {_would_have_failed(tried, tried)} To mend it: name "
        "another project or issue type in the rule, or bring the target back.",
        tried,
        tried,
    )


@dataclass
class _Group:
    """The violations of one kind, while they are counted."""

    violations: list[Violation] = field(default_factory=list)
    records: list[str] = field(default_factory=list)

    def add(self, violation: Violation, record_id: str = "") -> None:
        self.violations.append(violation)
        if record_id:
            self.records.append(record_id)

    def finding(self, schema: TargetSchema) -> Finding:
        offered = Counter(violation.offered for violation in self.violations)
        usual = offered.most_common(1)[0][0]
        example = next(it for it in self.violations if it.offered == usual)
        target = schema.fields.get(example.field_id)
        named = example.blame is Blame.RECORD and target is not None and target.kind in CHOICES
        return Finding(
            _without_values(example, target),
            len(self.records),
            tuple(self.records[:EXAMPLES]),
            tuple((value, n) for value, n in offered.most_common(VALUES) if value and named),
            example.blame is Blame.RULE,
        )


def _kind_of(violation: Violation) -> tuple[str, ...]:
    problem = _NUMBERS.sub("#", _QUOTED.sub("…", violation.problem))
    # What the rule itself offers is mended one by one.
    offered = violation.offered if violation.blame is Blame.RULE else ""
    return violation.field_id, problem, str(violation.blame), offered


def _without_values(violation: Violation, target: TargetField | None) -> Violation:
    """Give a violation without what came from a record, or names a person."""
    if violation.blame is Blame.RECORD:
        offered = "a record's value" if violation.offered else ""
        problem = _QUOTED.sub("…", violation.problem)
        return replace(violation, offered=offered, problem=problem)
    if violation.offered and ("@" in violation.offered or (target and target.kind in PEOPLE)):
        return replace(violation, offered="the rule's own value")
    return violation


def _with_fault(
    findings: Sequence[Finding], tried: int, share_percent: int, schema: TargetSchema
) -> list[Finding]:
    """Blame the rule for each field that refuses a share of the records."""
    refused: Counter[str] = Counter()
    for finding in findings:
        target = schema.fields.get(finding.violation.field_id)
        person = target is not None and target.kind in PEOPLE and finding.violation.offered
        if not person:
            refused[finding.violation.field_id] += finding.records
    too_many = {
        field_id
        for field_id, count in refused.items()
        if tried >= FEWEST and count and count * 100 >= share_percent * tried
    }
    return [
        replace(it, rule_at_fault=True) if it.violation.field_id in too_many else it
        for it in findings
    ]


def _judged(findings: tuple[Finding, ...], tried: int, failed: int) -> Examination:
    at_fault = [finding for finding in findings if finding.rule_at_fault]
    if not findings:
        if not tried:
            return Examination(Verdict.UNUSED, "It fits, and took none of the newest records.")
        said = f"It fits: all of its {_counted(tried)} would be taken."
        return Examination(Verdict.FITS, said, tried=tried)
    verdict = Verdict.UNFIT if at_fault else Verdict.SOME_FAIL
    told = at_fault or findings
    parts = [f"{_capital(str(it))} {_would_have_failed(it.records, tried)}" for it in told[:_SAID]]
    if len(told) > _SAID:
        parts.append(f"Problems that are not told here: {len(told) - _SAID}.")
    summary = _summary(told, tried, failed)
    return Examination(verdict, summary, "\n".join(parts), tried, failed, findings)


def _summary(told: Sequence[Finding], tried: int, failed: int) -> str:
    if failed:
        begin = f"{failed} of its {_counted(tried)} would be refused"
    else:
        begin = "A made-up record with hardly a value would be refused"
    worst = told[0].violation
    offered = f"{worst.offered} was offered, but " if worst.offered else ""
    more = f"; and {len(told) - 1} more" if len(told) > 1 else ""
    return f"{begin}: field {_named(worst)}: {offered}{worst.problem}{more}."


def _named(violation: Violation) -> str:
    name, field_id = violation.field_name, violation.field_id
    return f"{name} ({field_id})" if name and name != field_id else field_id


def _counted(tried: int) -> str:
    return f"{tried:,} newest record{'s' * (tried != 1)}"


def _would_have_failed(failed: int, tried: int) -> str:
    if not tried:
        return "The rule took none of the newest records, so none has met it yet."
    return f"{failed:,} of its {_counted(tried)} would have failed because of it."


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
