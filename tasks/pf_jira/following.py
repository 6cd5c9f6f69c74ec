"""Bringing a task in PeopleForce to where its issue in Jira is."""

from __future__ import annotations

import logging

from connectors.jira.models import Issue
from connectors.peopleforce.service import PeopleForce
from core import activity
from core.clock import now
from core.database import writing
from core.dispatch import publish
from core.errors import (
    VendorBreakerOpenError,
    VendorError,
    VendorNotFoundError,
    VendorUnavailableError,
)
from core.models import Link, LinkState
from tasks.pf_jira import DOMAIN, alarms
from tasks.pf_jira.claims import SYNC, Claim
from tasks.pf_jira.write_limit import stop, written_too_often

log = logging.getLogger(__name__)


def follow_issue(peopleforce: PeopleForce, claim: Claim, link: Link, issue: Issue) -> str:
    """Complete or reopen the task of a claimed link, if its issue was moved, and say what was done.

    `link.completed` is what both sides last agreed on. Our own moves set it before their echo
    arrives, so an echo finds nothing to do, and a loop cannot start. After a write whose answer was
    lost nobody knows where the task is, so it is written again, whatever was agreed before.

    Raises a `VendorError` and leaves the link claimed when PeopleForce did not do it.
    """
    if issue.done == link.completed and link.intent_at is None:
        with writing() as session:
            alarms.accepted(session, "jira")  # `issue` was just read.
            claim.unchanged(session, link, issue_key=issue.key)
        return "the task is there already"
    if looping := written_too_often([link]):
        return stop(claim, link, looping[link.source_id])
    # Before the call: a poll that reads while PeopleForce changes must not believe what it sees.
    with writing() as session:
        claim.save(session, link, pushed_at=now(), intent_at=now())
    task_id = int(link.source_id)
    try:
        with claim.calling(link):
            if issue.done:
                peopleforce.complete(task_id)
            else:
                peopleforce.reopen(task_id)
    except VendorNotFoundError:
        _note_vanished(claim, link, issue)
        return "the task was deleted in PeopleForce"
    except VendorError as error:
        if link.intent_at is None and _surely_not_done(error):
            with writing() as session:
                claim.save(session, link, intent_at=None)
        raise
    verb = "completed" if issue.done else "reopened"
    with writing() as session:
        alarms.accepted(session, "jira", "peopleforce")
        activity.note(
            session,
            DOMAIN,
            link.source_id,
            f"task_{verb}",
            f"{issue.key} was moved to {issue.status_name} in Jira; {verb} the task.",
            issue_key=issue.key,
            calls=claim.calls_of(link),
        )
        claim.agree(
            session,
            link,
            completed=issue.done,
            pushed_at=now(),
            intent_at=None,
            issue_key=issue.key,
        )
    log.info("task_moved", extra={"record": link.source_id, "issue": issue.key, "what": verb})
    return f"{verb} the task"


def is_being_moved(link: Link) -> bool:
    """Say whether a move of ours is still to be made sure of, so that the status tells nothing."""
    return link.moving_at is not None and link.due_at is not None


def _surely_not_done(error: VendorError) -> bool:
    return isinstance(error, VendorBreakerOpenError) or not isinstance(
        error, VendorUnavailableError
    )


def _note_vanished(claim: Claim, link: Link, issue: Issue) -> None:
    with writing() as session:
        activity.note(
            session,
            DOMAIN,
            link.source_id,
            "vanished",
            f"{issue.key} was moved to {issue.status_name} in Jira, but PeopleForce no longer has "
            "the task. The issue was left as it is.",
            issue_key=issue.key,
        )
        claim.done(
            session,
            link,
            state=LinkState.VANISHED,
            reason="deleted in PeopleForce",
            completed=issue.done,
            intent_at=None,
        )


def note_deletion(claim: Claim, link: Link, reason: str) -> str:
    """Give a link back whose issue is gone, and let its rule decide about a new one; say why."""
    with writing() as session:
        activity.note(
            session,
            DOMAIN,
            link.source_id,
            "issue_deleted",
            f"{reason}. The task was left as it is.",
            issue_key=link.issue_key,
            calls=claim.calls_of(link),
        )
        claim.unchanged(
            session,
            link,
            state=LinkState.ISSUE_DELETED,
            reason=reason,
            issue_id=None,
            intent_at=None,
            moving_at=None,
            written={},
            target_hash="",
            # The rule decides whether it is made anew.
            due_at=now(),
        )
    publish(SYNC, [link.id])
    return reason
