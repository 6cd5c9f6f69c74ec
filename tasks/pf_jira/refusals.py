"""Issues that Jira refused although its schema allowed them: whose fault, and what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.jira.refusals import is_demanded, is_not_on_screen
from core.backoff import full_jitter
from core.database import writing
from core.errors import VendorRejectedError
from core.mapping.routing import Rule
from core.mapping.schema import TargetSchema
from core.mapping.sources import Static
from core.models import Link, LinkState
from tasks.pf_jira.claims import Claim
from tasks.pf_jira.planning import Create, why_held
from tasks.pf_jira.rule_watch import RuleWatch
from tasks.pf_jira.schemas import forget, was_outdated

MAX_REMAPS = 5
"""Attempts that may end with another look at the schema; a screen that changes all the time must
not keep a record busy for ever."""

_TARGET = frozenset({"project", "issuetype"})

RefusedIssue = tuple[Link, Create, VendorRejectedError]


def take_back(claim: Claim, watch: RuleWatch, refused: Sequence[RefusedIssue]) -> None:
    """Give refused issues back: for another mapping, to wait for their rule, or for good."""
    for link, plan, error in refused:
        at_fault = rule_is_at_fault(plan.rule, error.field_errors)
        if at_fault and not link.attempts:
            # Nobody's rule is taken out by a schema that is older than the refusal.
            forget(plan.rule.project, plan.rule.issue_type)
            map_again(claim, link, error, state=LinkState.PENDING, intent_at=None)
        elif may_fit_another_schema(link, plan.rule, plan.schema, error):
            map_again(claim, link, error, state=LinkState.PENDING, intent_at=None)
        elif at_fault:
            _wait_for_rule(claim, watch, link, plan, error)
        else:
            with writing() as session:
                claim.failed(session, link, error, intent_at=None)


def map_again(claim: Claim, link: Link, error: VendorRejectedError, **values: object) -> None:
    """Give a link back to be mapped by the schema as it is now."""
    why = f"Jira refused what its schema allowed ({error}); its schema is read again"
    with writing() as session:
        claim.later(session, link, full_jitter(link.attempts + 1), why, **values)


def may_fit_another_schema(
    link: Link, rule: Rule, used: TargetSchema, error: VendorRejectedError
) -> bool:
    """Say whether Jira may have changed since the schema was read that a payload was made by."""
    return (
        bool(error.field_errors)
        and link.attempts < MAX_REMAPS
        and was_outdated(rule.project, rule.issue_type, used)
    )


def rule_is_at_fault(rule: Rule, field_errors: Mapping[str, str]) -> bool:
    """Say whether other records of the rule would be refused, too.

    So it is for a target that is gone, a field that may not be set, a field that Jira demands and
    the rule does not fill, and a value that is written in the rule.
    """
    return any(_is_the_rules(rule, field, message) for field, message in field_errors.items())


def _is_the_rules(rule: Rule, field_id: str, message: str) -> bool:
    mapping = next((it for it in rule.fields if it.field_id == field_id), None)
    constant = mapping is not None and all(isinstance(it, Static) for it in mapping.sources)
    return (
        field_id in _TARGET
        or is_not_on_screen(message)
        or constant
        or (mapping is None and is_demanded(message))
    )


def _wait_for_rule(
    claim: Claim, watch: RuleWatch, link: Link, plan: Create, error: VendorRejectedError
) -> None:
    tripped = watch.in_force.tripped.get(plan.rule.id) or watch.trip(
        plan.rule, _in_words(plan, error.field_errors)
    )
    if tripped is None:
        claim.again(link, state=LinkState.PENDING, intent_at=None)
        return
    with writing() as session:
        claim.hold(session, link, plan.rule, why_held(plan.rule, tripped), intent_at=None)


def _in_words(plan: Create, field_errors: Mapping[str, str]) -> str:
    rule = plan.rule
    said = "; ".join(
        f"{plan.schema.fields.get(field, field)}: {message}"
        for field, message in field_errors.items()
        if _is_the_rules(rule, field, message)
    )
    return (
        f"Rule {rule.name!r}: Jira refuses what its create screen of {plan.schema.target}, read "
        f"just before, allows. {said} To mend it: correct the rule's mapping of the field, or its "
        "screen and workflow in Jira."
    )
