"""Bringing Jira up to date with what polls noted in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import redis
from celery import Task
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy.exc import SQLAlchemyError

from connectors.jira.service import Jira
from core import activity
from core.database import reading, writing
from core.errors import VendorError, VendorNotFoundError, VendorRejectedError
from core.mapping.resolve import needed_lookups
from core.mapping.routing import Rule
from core.models import Link
from core.rules import active_rules
from core.settings import get_settings
from tasks import app
from tasks.pf_jira import DOMAIN, wiring
from tasks.pf_jira.claims import Claim, claimed
from tasks.pf_jira.creating import Wanted, create_issues
from tasks.pf_jira.failures import concerns_all
from tasks.pf_jira.planning import (
    Create,
    Leave,
    Plan,
    Refuse,
    Update,
    needs_schema,
    plan,
    plan_move_alone,
    rule_for,
)
from tasks.pf_jira.schemas import schema_of
from tasks.pf_jira.updating import update_issue


@app.task(name="pf_jira.sync", bind=True, max_retries=3)
def sync(self: Task, link_ids: list[int]) -> None:
    """Create, update, complete or reopen the issues of some links.

    Safe to run twice: what is done already needs no call, and an attempt that was cut off is found
    by its intent. At most fifty links, which is what one bulk create takes.
    """
    jira = wiring.jira()
    with claimed(link_ids, self.request.id, only_waiting=True) as claim:
        if not claim.held:
            return
        with reading() as session:
            rules = active_rules(session)
        plans = _plan(jira, claim, rules)
        _leave(claim, [(link, what) for link, what in plans if isinstance(what, Leave)])
        _refuse(claim, [(link, what) for link, what in plans if isinstance(what, Refuse)])
        wanted: list[Wanted] = [(link, what) for link, what in plans if isinstance(what, Create)]
        if wanted:
            trust = timedelta(seconds=get_settings().jira_index_trust_seconds)
            create_issues(jira, claim, wanted, trust)
        _update(jira, claim, [(link, what) for link, what in plans if isinstance(what, Update)])


def _plan(jira: Jira, claim: Claim, rules: Sequence[Rule]) -> list[tuple[Link, Plan]]:
    """Plan for each link by itself: one that cannot be planned must not take the others along."""
    accounts: dict[str, str | None] = {}
    plans: list[tuple[Link, Plan]] = []
    for link in claim.held:
        try:
            plans.append((link, _plan_one(jira, link, rules, accounts)))
        except VendorError as error:
            if concerns_all(error):
                _fail_all(claim, error)
                return []
            with writing() as session:
                claim.failed(session, link, error)
        except (SoftTimeLimitExceeded, redis.RedisError):
            raise
        except Exception as error:  # noqa: BLE001 - the others must not suffer for this one
            claim.broken(link, error)
    return plans


def _plan_one(
    jira: Jira, link: Link, rules: Sequence[Rule], accounts: dict[str, str | None]
) -> Plan:
    rule = rule_for(link, rules)
    if rule is None or not needs_schema(link, rule):
        return plan(link, rule, None, {})
    try:
        schema = schema_of(rule.project, rule.issue_type)
    except (VendorNotFoundError, VendorRejectedError) as error:
        alone = plan_move_alone(link, rule, str(error))
        if alone is None:
            raise
        return alone
    for email in needed_lookups(rule, link.snapshot, schema) - accounts.keys():
        accounts[email] = jira.account_id_for(email)
    return plan(link, rule, schema, accounts)


def _refuse(claim: Claim, plans: Sequence[tuple[Link, Refuse]]) -> None:
    if not plans:
        return
    with writing() as session:
        for link, what in plans:
            reason = (
                f"Task {link.source_id} does not fit Jira. {what.violations} "
                f"Then try again with: igw replay {link.source_id}"
            )
            claim.give_up(session, link, reason, rule_id=what.rule.id)


def _leave(claim: Claim, plans: Sequence[tuple[Link, Leave]]) -> None:
    if not plans:
        return
    with writing() as session:
        for link, what in plans:
            if link.state is not what.state or link.reason != what.reason:
                activity.note(
                    session,
                    DOMAIN,
                    link.source_id,
                    what.state.value,
                    f"Left alone: {what.reason}.",
                    issue_key=link.issue_key,
                    rule_id=what.rule.id if what.rule else None,
                )
            claim.done(
                session,
                link,
                state=what.state,
                reason=what.reason,
                completed=bool(link.snapshot["completed"]),
                rule_id=what.rule.id if what.rule else None,
            )


def _update(jira: Jira, claim: Claim, plans: Sequence[tuple[Link, Update]]) -> None:
    for link, what in plans:
        try:
            error = update_issue(jira, claim, link, what)
        except (SoftTimeLimitExceeded, redis.RedisError, SQLAlchemyError):
            raise
        except Exception as unforeseen:  # noqa: BLE001 - as above
            claim.broken(link, unforeseen)
            continue
        if error is not None:
            _fail_all(claim, error)
            return


def _fail_all(claim: Claim, error: VendorError) -> None:
    with writing() as session:
        for link in claim.held:
            claim.failed(session, link, error)
