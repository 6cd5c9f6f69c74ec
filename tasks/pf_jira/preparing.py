"""Planning links one by one: what a plan needs to know is read here, and rules are judged.

A rule that does not fit Jira's schema as it is now is tripped before anything leaves for Jira.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis
from celery.exceptions import SoftTimeLimitExceeded

from connectors.jira.service import Jira
from connectors.peopleforce.service import PeopleForce
from core.database import writing
from core.errors import VendorError, VendorNotFoundError, VendorRejectedError
from core.mapping.record import Record
from core.mapping.resolve import needed_lookups
from core.mapping.routing import Rule
from core.mapping.schema import TargetSchema
from core.mapping.violations import Blame
from core.models import Link
from tasks.pf_jira.claims import Claim
from tasks.pf_jira.failures import concerns_all
from tasks.pf_jira.people import with_people
from tasks.pf_jira.planning import Plan, Refuse, needs_schema, plan, plan_held, rule_for
from tasks.pf_jira.rule_watch import RuleWatch
from tasks.pf_jira.schemas import forget, schema_of, was_outdated


class _TargetGoneError(Exception):
    """Jira has no such project or issue type for us; the message is for people."""


class Planner:
    """Plans the links of one claim. E-mails are looked up once for all of them."""

    def __init__(self, jira: Jira, peopleforce: PeopleForce, watch: RuleWatch) -> None:
        self._jira, self._peopleforce, self._watch = jira, peopleforce, watch
        self._accounts: dict[str, str | None] = {}

    def plan_all(self, claim: Claim) -> list[tuple[Link, Plan]]:
        """Plan each link by itself.

        One that cannot be planned must not take the others along: it is given back.
        """
        plans: list[tuple[Link, Plan]] = []
        try:
            with claim.calling(*claim.held):
                self._read_people(claim.held)
        except VendorError as error:
            if concerns_all(error):
                claim.failed_all(error)
                return []
        for link in claim.held:
            try:
                with claim.calling(link):
                    planned = self._plan(link)
            except VendorError as error:
                if concerns_all(error):
                    claim.failed_all(error)
                    return []
                with writing() as session:
                    claim.failed(session, link, error)
            except (SoftTimeLimitExceeded, redis.RedisError):
                raise
            except Exception as error:  # noqa: BLE001 - the others must not suffer for this one
                claim.broken(link, error)
            else:
                if planned is not None:
                    plans.append((link, planned))
        return plans

    def _read_people(self, links: Sequence[Link]) -> list[dict[str, Any]]:
        """Give the records of links as rules see them; for many at once the calls are fewer."""
        rules = self._watch.in_force.rules
        return with_people(self._peopleforce, [link.snapshot for link in links], rules)

    def _plan(self, link: Link) -> Plan | None:
        """Plan a link; None where its rule is changing, so that it is to be planned later."""
        rules = self._watch.in_force
        [record] = self._read_people([link])
        rule = rule_for(link, record, rules.rules)
        if rule is None or not needs_schema(link, rule):
            return plan(link, record, rule, None, {})
        if rule.id in rules.tripped:
            return plan_held(link, rule, rules.tripped[rule.id])
        try:
            planned = self._plan_by_schema(link, record, rule)
        except _TargetGoneError as error:
            return self._trip(link, rule, str(error))
        if isinstance(planned, Refuse) and planned.violations.blame is Blame.RULE:
            return self._trip(link, rule, planned.violations.about_the_rule)
        return planned

    def _plan_by_schema(self, link: Link, record: Record, rule: Rule) -> Plan:
        schema = _schema_of(rule)
        planned = self._plan_against(link, record, rule, schema)
        if not isinstance(planned, Refuse):
            return planned
        # Nobody is refused for what Jira may have allowed since, and no rule is taken out by a
        # schema that was not read for just that.
        if planned.violations.blame is Blame.RULE:
            forget(rule.project, rule.issue_type)
        elif not was_outdated(rule.project, rule.issue_type, schema):
            return planned
        return self._plan_against(link, record, rule, _schema_of(rule))

    def _plan_against(self, link: Link, record: Record, rule: Rule, schema: TargetSchema) -> Plan:
        for email in needed_lookups(rule, record, schema) - self._accounts.keys():
            self._accounts[email] = self._jira.account_id_for(email)
        return plan(link, record, rule, schema, self._accounts)

    def _trip(self, link: Link, rule: Rule, reason: str) -> Plan | None:
        tripped = self._watch.trip(rule, reason)
        return plan_held(link, rule, tripped) if tripped is not None else None


def _schema_of(rule: Rule) -> TargetSchema:
    try:
        return schema_of(rule.project, rule.issue_type)
    except (VendorNotFoundError, VendorRejectedError) as error:
        raise _TargetGoneError(gone(rule, error)) from error


def gone(rule: Rule, error: VendorError) -> str:
    """Say in words that a rule's target is not there any more."""
    return (
        f"Rule {rule.name!r}: {rule.project}, {rule.issue_type} cannot be written to any more "
        f"({error.detail or error}). To mend it: bring it back in Jira, let the gateway's account "
        "see it, or give the rule another project or issue type."
    )
