"""Bringing Jira up to date with what polls noted in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from celery import Task

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
from tasks.pf_jira.planning import Create, Leave, Plan, Update, plan, rule_for
from tasks.pf_jira.updating import update_issue


@app.task(name="pf_jira.sync", bind=True, max_retries=3)
def sync(self: Task, link_ids: list[int]) -> None:
    """Create, update, complete or reopen the issues of some links.

    Safe to run twice: what is done already needs no call, and an attempt that was cut off is found
    by its intent. At most fifty links, which is what one bulk create takes.
    """
    jira = wiring.jira()
    with claimed(link_ids, self.request.id) as claim:
        if not claim.held:
            return
        with reading() as session:
            rules = active_rules(session)
        try:
            plans = _plan(jira, claim.held, rules)
        except VendorError as error:
            _fail_all(claim, error)
            return
        _leave(claim, [(link, what) for link, what in plans if isinstance(what, Leave)])
        wanted: list[Wanted] = [(link, what) for link, what in plans if isinstance(what, Create)]
        if wanted:
            trust = timedelta(seconds=get_settings().jira_index_trust_seconds)
            create_issues(jira, claim, wanted, trust)
        _update(jira, claim, [(link, what) for link, what in plans if isinstance(what, Update)])


def _plan(
    jira: Jira, links: Sequence[Link], rules: Sequence[RoutingRule]
) -> list[tuple[Link, Plan]]:
    chosen = [(link, rule_for(link, rules)) for link in links]
    conversions = casts(_accounts(jira, chosen))
    return [(link, plan(link, rule, conversions)) for link, rule in chosen]


def _accounts(
    jira: Jira, chosen: Sequence[tuple[Link, RoutingRule | None]]
) -> dict[str, str | None]:
    """Look up the Jira accounts that the rules ask for, each e-mail once."""
    emails = {
        str(value_at(link.snapshot, field.source)).casefold()
        for link, rule in chosen
        if rule is not None
        for field in rule.fields
        if field.cast == "user" and field.kind == "path" and value_at(link.snapshot, field.source)
    }
    return {email: jira.account_id_for(email) for email in emails}


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
        error = update_issue(jira, claim, link, what)
        if error is not None:
            _fail_all(claim, error)
            return


def _fail_all(claim: Claim, error: VendorError) -> None:
    with writing() as session:
        for link in claim.held:
            claim.failed(session, link, error)
