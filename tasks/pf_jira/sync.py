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
from core.database import writing
from core.models import Link
from core.settings import get_settings
from tasks import app
from tasks.pf_jira import DOMAIN, wiring
from tasks.pf_jira.claims import Claim, claimed
from tasks.pf_jira.creating import Wanted, create_issues
from tasks.pf_jira.planning import Create, Hold, Leave, Plan, Refuse, Update
from tasks.pf_jira.preparing import Planner
from tasks.pf_jira.rule_watch import RuleWatch
from tasks.pf_jira.updating import update_issue
from tasks.pf_jira.write_limit import stop, written_too_often


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
        watch = RuleWatch()
        plans = Planner(jira, wiring.peopleforce(), watch).plan_all(claim)
        _leave(claim, [(link, what) for link, what in plans if isinstance(what, Leave)])
        _hold(claim, [(link, what) for link, what in plans if isinstance(what, Hold)])
        _refuse(claim, [(link, what) for link, what in plans if isinstance(what, Refuse)])
        plans = _without_loops(claim, plans)
        wanted: list[Wanted] = [(link, what) for link, what in plans if isinstance(what, Create)]
        if wanted:
            trust = timedelta(seconds=get_settings().jira_index_trust_seconds)
            create_issues(jira, claim, wanted, trust, watch)
        updates = [(link, what) for link, what in plans if isinstance(what, Update)]
        _update(jira, claim, updates, watch)


def _without_loops(claim: Claim, plans: Sequence[tuple[Link, Plan]]) -> list[tuple[Link, Plan]]:
    """Leave out, and alone from now on, what was written too often to be a person's doing."""
    looping = written_too_often([link for link, what in plans if _writes(what)])
    if not looping:
        return list(plans)
    left: list[tuple[Link, Plan]] = []
    for link, what in plans:
        if link.source_id in looping and _writes(what):
            stop(claim, link, looping[link.source_id])
        else:
            left.append((link, what))
    return left


def _writes(what: Plan) -> bool:
    if isinstance(what, Update):
        return bool(what.changed) or what.move_to_done is not None
    return isinstance(what, Create)


def _hold(claim: Claim, plans: Sequence[tuple[Link, Hold]]) -> None:
    if not plans:
        return
    with writing() as session:
        for link, what in plans:
            claim.hold(session, link, what.rule, what.reason)


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


def _update(
    jira: Jira, claim: Claim, plans: Sequence[tuple[Link, Update]], watch: RuleWatch
) -> None:
    for link, what in plans:
        if not what.held and not watch.still_allows(what.rule):
            claim.again(link)
            continue
        try:
            error = update_issue(jira, claim, link, what)
        except (SoftTimeLimitExceeded, redis.RedisError, SQLAlchemyError):
            raise
        except Exception as unforeseen:  # noqa: BLE001 - the others must not suffer for this one
            claim.broken(link, unforeseen)
            continue
        if error is not None:
            claim.failed_all(error)
            return
