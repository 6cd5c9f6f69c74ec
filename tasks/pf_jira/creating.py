"""Making issues, so that one task never becomes two.

The intent is committed before the call. Whatever ends the attempt in between (a timeout, a crash),
the next one finds the intent and looks in Jira before it creates again, until Jira's search is old
enough to be trusted.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from math import ceil

from sqlalchemy.orm import Session

from connectors.jira.creation import Created, IssueDraft, Refused
from connectors.jira.service import Jira
from core import activity
from core.clock import SteadyWatch, now
from core.database import writing
from core.errors import (
    PayloadError,
    VendorAmbiguousError,
    VendorError,
    VendorRejectedError,
    VendorUnavailableError,
)
from core.models import Link, LinkState
from tasks.pf_jira import DOMAIN, alarms
from tasks.pf_jira.claims import Claim
from tasks.pf_jira.failures import LOOK_AGAIN
from tasks.pf_jira.planning import Create, fields_hash
from tasks.pf_jira.refusals import RefusedIssue, take_back
from tasks.pf_jira.rule_watch import RuleWatch

log = logging.getLogger(__name__)

CLOCK_MARGIN = timedelta(hours=2)
"""How far Jira's clock and ours may be apart, and how far ours may have been set meanwhile."""

_watch = SteadyWatch()

Wanted = tuple[Link, Create]


def create_issues(
    jira: Jira, claim: Claim, wanted: Sequence[Wanted], trust: timedelta, watch: RuleWatch
) -> None:
    """Make an issue for each link, unless an earlier attempt made it already.

    `trust` is the age of an intent at which Jira's search is believed not to know its issue. A rule
    that `watch` sees taken out meanwhile makes none.
    """
    fresh = [pair for pair in wanted if pair[0].intent_at is None]
    earlier = [pair for pair in wanted if pair[0].intent_at is not None]
    if earlier:
        fresh += _look_for_earlier(jira, claim, earlier, trust)
    if fresh:
        _create(jira, claim, fresh, watch)


def adopt(session: Session, claim: Claim, link: Link, found: Sequence[tuple[str, str]]) -> None:
    """Take an issue that exists for a task as the task's own.

    Its fields are taken as unknown, so that the next synchronisation writes them all. Of several
    issues the oldest is kept and the others are named in the activity, for a person to close.
    """
    issue_id, issue_key = min(found, key=lambda issue: int(issue[0]))
    activity.note(
        session,
        DOMAIN,
        link.source_id,
        "adopted",
        f"Found {issue_key}, which was made for this task.",
        issue_key=issue_key,
        rule_id=link.rule_id,
        calls=claim.calls_of(link),
    )
    others = sorted(key for _, key in found if key != issue_key)
    if others:
        activity.note(
            session,
            DOMAIN,
            link.source_id,
            "duplicate_found",
            f"{', '.join(others)} were made for the same task. {issue_key} is kept; "
            "please close the others in Jira.",
            issue_key=issue_key,
        )
        alarms.duplicates_found(session, link, issue_key, others)
    claim.later(
        session,
        link,
        timedelta(0),
        "",
        state=LinkState.SYNCED,
        issue_id=issue_id,
        issue_key=issue_key,
        attempts=0,
        intent_at=None,
        written={},
        target_hash="",
        completed=False,
    )


def _look_for_earlier(
    jira: Jira, claim: Claim, wanted: Sequence[Wanted], trust: timedelta
) -> list[Wanted]:
    """Adopt what is found; give back what must wait; return what is safe to create."""
    moment = now()
    oldest = min(link.intent_at or moment for link, _ in wanted)
    minutes = ceil((max(moment, oldest) - oldest + CLOCK_MARGIN) / timedelta(minutes=1))
    try:
        # In all projects: the issue may have been moved, and the project may be gone since.
        with claim.calling(*(link for link, _ in wanted)):
            found = jira.find_created(None, minutes, {link.source_id for link, _ in wanted})
    except VendorError as error:
        _all_failed(claim, wanted, error)
        return []
    except PayloadError as error:
        _all_failed(claim, wanted, VendorUnavailableError("jira", "search", None, str(error)))
        return []
    free: list[Wanted] = []
    with writing() as session:
        for link, plan in wanted:
            if link.source_id in found:
                adopt(session, claim, link, found[link.source_id])
            elif (age := _watch.passed_since(link.intent_at or moment)) < trust:
                claim.later(
                    session,
                    link,
                    min(LOOK_AGAIN * 2, trust - age),
                    "waiting until Jira's search can be trusted not to know its issue",
                )
            elif link.snapshot["completed"]:
                claim.done(
                    session,
                    link,
                    state=LinkState.DROPPED,
                    reason="completed before an issue was made",
                    completed=True,
                    intent_at=None,
                )
            else:
                free.append((link, plan))
    return free


def _create(jira: Jira, claim: Claim, wanted: Sequence[Wanted], watch: RuleWatch) -> None:
    in_force: list[Wanted] = []
    for link, plan in wanted:
        if watch.still_allows(plan.rule):
            in_force.append((link, plan))
        else:
            claim.again(link)
    with writing() as session:
        # What is no longer ours is left out: without an intent, a second issue could follow.
        wanted = [
            (link, plan)
            for link, plan in in_force
            if claim.intend(
                session,
                link,
                state=LinkState.CREATING,
                rule_id=plan.rule.id,
                project=plan.rule.project,
            )
        ]
    if not wanted:
        return
    try:
        with claim.calling(*(link for link, _ in wanted)):
            outcomes = jira.create([_draft(link, plan) for link, plan in wanted])
    except VendorAmbiguousError as error:
        with writing() as session:
            for link, _ in wanted:
                claim.failed(session, link, error)
        return
    except VendorError as error:
        # Surely not carried out: the intents are taken back, and nobody has to look.
        _all_failed(claim, wanted, error, state=LinkState.PENDING, intent_at=None)
        return
    refused: list[RefusedIssue] = []
    with writing() as session:
        alarms.accepted(session, "jira")
        for (link, plan), outcome in zip(wanted, outcomes, strict=True):
            match outcome:
                case Created():
                    _note_created(session, claim, (link, plan), outcome)
                case Refused(detail, field_errors):
                    error = VendorRejectedError(
                        "jira", "create_issue", 400, detail, dict(field_errors)
                    )
                    refused.append((link, plan, error))
    take_back(claim, watch, refused)


def _all_failed(
    claim: Claim, wanted: Sequence[Wanted], error: VendorError, **values: object
) -> None:
    with writing() as session:
        for link, _ in wanted:
            claim.failed(session, link, error, **values)


def _draft(link: Link, plan: Create) -> IssueDraft:
    issue_type = plan.rule.issue_type
    return IssueDraft(
        task_id=link.source_id,
        fields={
            "project": {"key": plan.rule.project},
            "issuetype": {"id" if issue_type.isdigit() else "name": issue_type},
            **plan.fields,
        },
        metadata={"source": link.source, "rule": plan.rule.id},
    )


def _note_created(session: Session, claim: Claim, pair: Wanted, issue: Created) -> None:
    link, plan = pair
    activity.note(
        session,
        DOMAIN,
        link.source_id,
        "created",
        " ".join([f"Made {issue.key} by rule {plan.rule.name!r}.", *plan.notices]),
        issue_key=issue.key,
        changes=plan.fields,
        rule_id=plan.rule.id,
        calls=claim.calls_of(link),
    )
    claim.done(
        session,
        link,
        state=LinkState.SYNCED,
        reason="",
        issue_id=issue.id,
        issue_key=issue.key,
        written=plan.fields,
        target_hash=fields_hash(plan.fields),
        intent_at=None,
        # A new issue is open, whatever was agreed before there was one.
        completed=False,
    )
    log.info("issue_created", extra={"record": link.source_id, "issue": issue.key})
