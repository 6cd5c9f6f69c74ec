"""Bringing an issue up to date with its task: only what changed is written."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy.orm import Session

from connectors.jira.service import Jira
from core import activity
from core.clock import now
from core.database import writing
from core.errors import VendorError, VendorNotFoundError, VendorRejectedError
from core.models import Link, LinkState
from tasks.pf_jira import DOMAIN, alarms
from tasks.pf_jira.claims import Claim
from tasks.pf_jira.failures import concerns_all
from tasks.pf_jira.planning import Update, fields_hash
from tasks.pf_jira.refusals import map_again, may_fit_another_schema

log = logging.getLogger(__name__)


def update_issue(jira: Jira, claim: Claim, link: Link, plan: Update) -> VendorError | None:
    """Write what changed and move the issue where its task is.

    That a move is on its way is written down before: whatever ends the attempt, the next one sees
    to the status again, and until then what the issue shows is not taken for a person's doing.

    Returns the error when the next record would fail for the same reason, so that the caller stops
    asking a vendor that is down.
    """
    if plan.move_to_done is not None and not _intend_move(claim, link):
        return None
    try:
        with claim.calling(link):
            status = _write(jira, link, plan)
    except VendorNotFoundError:
        _forget_issue(claim, link)
        return None
    except VendorRejectedError as error:
        _refused(claim, link, plan, error)
        return None
    except VendorError as error:
        with writing() as session:
            claim.failed(session, link, error)
        return error if concerns_all(error) else None
    rule_id = plan.rule.id if plan.rule else link.rule_id
    with writing() as session:
        if plan.changed or status is not None:
            alarms.accepted(session, "jira")
        if plan.changed:
            activity.note(
                session,
                DOMAIN,
                link.source_id,
                "updated",
                " ".join(
                    [
                        f"Wrote {', '.join(sorted(plan.changed))} to {link.issue_key}.",
                        *plan.notices,
                    ]
                ),
                issue_key=link.issue_key,
                changes={
                    field: {"from": link.written.get(field), "to": value}
                    for field, value in plan.changed.items()
                },
                rule_id=rule_id,
                calls=claim.calls_of(link),
            )
        if status is not None:
            _note_move(session, claim, link, status, done=bool(plan.move_to_done))
        completed = link.completed if plan.move_to_done is None else plan.move_to_done
        if plan.held and plan.rule is not None:
            over = {"completed": completed, "intent_at": None, "moving_at": None}
            claim.hold(session, link, plan.rule, plan.reason, **over)
            return None
        claim.done(
            session,
            link,
            state=LinkState.SYNCED,
            reason=plan.reason,
            written=plan.fields,
            # Empty where fields are owed: a rule that comes back into force finds them by that.
            target_hash="" if plan.reason else fields_hash(plan.fields),
            completed=completed,
            intent_at=None,
            moving_at=None,
            rule_id=rule_id,
        )
    return None


def _intend_move(claim: Claim, link: Link) -> bool:
    with writing() as session:
        return claim.save(session, link, moving_at=now())


def _refused(claim: Claim, link: Link, plan: Update, error: VendorRejectedError) -> None:
    """Give a refused update back: for another look at Jira's schema, or for good."""
    if (
        plan.rule is not None
        and plan.schema is not None
        and may_fit_another_schema(link, plan.rule, plan.schema, error)
    ):
        map_again(claim, link, error)
        return
    with writing() as session:
        claim.failed(session, link, error)


def _write(jira: Jira, link: Link, plan: Update) -> str | None:
    """Write, and give the status that the issue was moved to; None when it did not move.

    An issue is reopened before its fields are written and finished after: many workflows lock the
    fields of finished issues.
    """
    issue_id = link.issue_id or ""
    if plan.changed and plan.move_to_done is not False:
        jira.update(issue_id, plan.changed)
    status = None
    if plan.move_to_done is not None:
        outcome = jira.move(issue_id, done=plan.move_to_done)
        status = outcome.status_name if outcome.moved else None
    if plan.changed and plan.move_to_done is False:
        jira.update(issue_id, plan.changed)
    return status


def _note_move(session: Session, claim: Claim, link: Link, status: str, *, done: bool) -> None:
    verb = "completed" if done else "reopened"
    activity.note(
        session,
        DOMAIN,
        link.source_id,
        f"issue_{verb}",
        f"The task was {verb} in PeopleForce; moved {link.issue_key} to {status}.",
        issue_key=link.issue_key,
        calls=claim.calls_of(link),
    )
    log.info("issue_moved", extra={"record": link.source_id, "issue": link.issue_key})


def _forget_issue(claim: Claim, link: Link) -> None:
    """Let go of an issue that Jira no longer has, so that an open task gets a new one."""
    gone = link.issue_key
    completed = bool(link.snapshot["completed"])
    what_now = "The task is completed, so none is made." if completed else "A new one is made."
    with writing() as session:
        activity.note(
            session,
            DOMAIN,
            link.source_id,
            "issue_gone",
            f"Jira no longer has {gone}. {what_now}",
            issue_key=gone,
            calls=claim.calls_of(link),
        )
        if completed:
            claim.done(
                session,
                link,
                state=LinkState.ISSUE_DELETED,
                reason=f"{gone} was deleted in Jira",
                completed=True,
                moving_at=None,
            )
            return
        claim.later(
            session,
            link,
            timedelta(0),
            f"{gone} was deleted in Jira",
            state=LinkState.PENDING,
            issue_id=None,
            issue_key=None,
            intent_at=None,
            moving_at=None,
            written={},
            target_hash="",
        )
