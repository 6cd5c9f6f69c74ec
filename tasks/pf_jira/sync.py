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
from core.errors import VendorError
from core.mapping.rules import RoutingRule, value_at
from core.models import Link
from core.rules import active_rules
from core.settings import get_settings
from tasks import app
from tasks.pf_jira import DOMAIN, wiring
from tasks.pf_jira.casts import casts
from tasks.pf_jira.claims import Claim, claimed
from tasks.pf_jira.creating import Wanted, create_issues
from tasks.pf_jira.failures import concerns_all
from tasks.pf_jira.planning import Create, Leave, Plan, Update, plan, rule_for
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
        wanted: list[Wanted] = [(link, what) for link, what in plans if isinstance(what, Create)]
        if wanted:
            trust = timedelta(seconds=get_settings().jira_index_trust_seconds)
            create_issues(jira, claim, wanted, trust)
        _update(jira, claim, [(link, what) for link, what in plans if isinstance(what, Update)])


def _plan(jira: Jira, claim: Claim, rules: Sequence[RoutingRule]) -> list[tuple[Link, Plan]]:
    """Plan for each link by itself: one that cannot be planned must not take the others along."""
    accounts: dict[str, str | None] = {}
    plans: list[tuple[Link, Plan]] = []
    for link in claim.held:
        try:
            rule = rule_for(link, rules)
            for email in _emails(link, rule) - accounts.keys():
                accounts[email] = jira.account_id_for(email)
            plans.append((link, plan(link, rule, casts(accounts))))
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


def _emails(link: Link, rule: RoutingRule | None) -> set[str]:
    """Give the e-mails whose Jira accounts the rule asks for."""
    return {
        str(value).casefold()
        for field in (rule.fields if rule else ())
        if field.cast == "user" and field.kind == "path"
        if (value := value_at(link.snapshot, field.source))
    }


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
