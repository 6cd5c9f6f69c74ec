"""Rules tried against Jira before they come into force; nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cli.output import say
from core.mapping import routing
from core.models import Link

if TYPE_CHECKING:
    from tasks.pf_jira.rule_checks import Jira

RECENT = 200
"""How many of the newest records a trial looks at."""

NAMED = 3
"""How many records a message names."""


def check_examples(rules: Sequence[routing.Rule], jira: Jira | None = None) -> dict[str, str]:
    """Try rules on their examples and say each failure; give what is wrong, by the rule's name."""
    wrong: dict[str, str] = {}
    tried = 0
    for rule in rules:
        if not rule.examples:
            continue
        # Loaded here: most commands of `igw rules` need no vendor.
        from tasks.pf_jira import rule_checks  # noqa: PLC0415

        jira = jira or rule_checks.Jira(fresh=True)
        found = rule_checks.check_examples(rule, jira)
        for line in found.lines:
            say(line, "red")
        if found.problem:
            wrong[rule.name] = found.problem
        tried += len(rule.examples)
    if tried and not wrong:
        say(f"{tried} examples were tried, and all hold." if tried > 1 else "Its example holds.")
    return wrong


def forced(note: str, problem: str) -> str:
    """Give the note of a change that was made although something spoke against it."""
    return "; ".join(part for part in (note, f"forced, although {problem}" * bool(problem)) if part)


def try_recent(
    rules: Sequence[routing.Rule], links: Sequence[Link], jira: Jira
) -> list[dict[str, Any]]:
    """Try rules on records, each on those that it would take first; raises `VendorError`."""
    from tasks.pf_jira.rule_checks import examples_failing, records_of  # noqa: PLC0415 - as above

    trials = {rule.name: _trial(rule) for rule in rules}
    for rule in rules:
        trials[rule.name]["failing_examples"] = [
            str(failure) for failure in examples_failing(rule, jira)
        ]
    for link, record in zip(links, records_of(links, rules), strict=True):
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


def _trial(rule: routing.Rule) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "matches": 0,
        "would_fail": 0,
        "refused": [],
        "examples": len(rule.examples),
        "failing_examples": [],
    }
