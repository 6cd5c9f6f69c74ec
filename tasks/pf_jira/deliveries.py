"""Working on Jira's webhooks: each is a hint that an issue changed; Jira says what is true."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from celery import Task
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy.orm import Session

from connectors.jira.events import ISSUE_CREATED, IssueEvent
from core import activity, dead_letters, inbox, ledger
from core.database import reading, writing
from core.dispatch import publish
from core.errors import PayloadError, VendorError, VendorNotFoundError
from core.logs import request_id_bound
from core.models import Delivery, DeliveryState, Link
from core.webhooks import parse_json
from tasks import app
from tasks.pf_jira import DOMAIN, SOURCE, alarms, wiring
from tasks.pf_jira.claims import LEASE, Claim, claimed
from tasks.pf_jira.creating import adopt
from tasks.pf_jira.decisions import CheckStatus, FindTask, Ignore, NoteDeletion, decide
from tasks.pf_jira.failures import OUTAGE_WAIT, wait_after, wait_after_unexpected
from tasks.pf_jira.following import follow_issue, is_being_moved, note_deletion
from tasks.pf_jira.waking import wake

log = logging.getLogger(__name__)

TASK = "pf_jira.handle_deliveries"

BUSY_WAIT = timedelta(seconds=1)
"""How soon to come back to a record that somebody else is working on."""

UNKNOWN_WAIT = timedelta(seconds=3)
"""How long an issue of ours may be unknown: its create is being written down just now."""


Looked = dict[int, int]
"""By link, the delivery for which Jira was read, of those that are worked on together."""


_TOGETHER = "seen to together with delivery {}"


class _Postponed(Exception):  # noqa: N818 - not an error: the delivery comes back
    def __init__(self, wait: timedelta, reason: str) -> None:
        super().__init__(reason)
        self.wait, self.reason = wait, reason


@app.task(name=TASK, bind=True, max_retries=3)
def handle_deliveries(self: Task, delivery_ids: list[int]) -> None:
    """Bring the tasks of some issues to where Jira says that they are.

    Safe to run twice: only what both sides do not agree on yet is written. Jira is read once for
    all deliveries about an issue that are here before it is: what it shows is no older than they.
    """
    owner = self.request.id
    looked: Looked = {}
    with writing() as session:
        deliveries = inbox.claim(session, delivery_ids, owner, LEASE)
    for index, delivery in enumerate(deliveries):
        try:
            with request_id_bound(delivery.request_id):
                _handle(delivery, owner, looked)
        except SoftTimeLimitExceeded:
            for left in deliveries[index:]:
                _postpone(left, OUTAGE_WAIT, "the time of one task was up")
            return


def _handle(delivery: Delivery, owner: str, looked: Looked) -> None:
    try:
        outcome = _act(delivery, owner, looked)
    except _Postponed as pause:
        _postpone(delivery, pause.wait, pause.reason)
    except VendorError as error:
        wait = wait_after(error, delivery.attempts)
        if wait is None:
            _give_up(delivery, str(error))
        else:
            _postpone(delivery, wait, str(error), error)
    except PayloadError as error:
        _give_up(delivery, str(error))
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        # The others of the batch must not suffer for this one.
        log.exception("delivery_failed", extra={"delivery": delivery.id})
        wait = wait_after_unexpected(error, delivery.attempts)
        if wait is not None:
            _postpone(delivery, wait, type(error).__name__)
        else:
            _give_up(delivery, f"an unexpected error, {type(error).__name__}; see the worker's log")
    else:
        _finish(delivery, outcome)


def _act(delivery: Delivery, owner: str, looked: Looked) -> Ignore | str:
    event = IssueEvent.from_payload(parse_json(delivery.body))
    with reading() as session:
        links = ledger.by_issue(session, [event.issue_id])
        others = _others_that_need_no_look(session, delivery, links)
    outcome = _act_on(delivery, event, links, owner, looked)
    if others and looked.get(links[0].id) == delivery.id:
        with writing() as session:
            inbox.finish_unclaimed(session, others, _TOGETHER.format(delivery.id))
    if links:
        wake(links[0], event)
    return outcome


def _others_that_need_no_look(
    session: Session, delivery: Delivery, links: Sequence[Link]
) -> list[int]:
    """Give what waits for the same issue; ask before Jira is read, so that it shows what they tell.

    Where work on the record was postponed, each of them may be what it waits for.
    """
    if not links or links[0].due_at is not None:
        return []
    return inbox.unclaimed_about(session, delivery)


def _finish(delivery: Delivery, outcome: Ignore | str) -> None:
    ignored = isinstance(outcome, Ignore)
    state = DeliveryState.IGNORED if ignored else DeliveryState.DONE
    reason = outcome.reason if isinstance(outcome, Ignore) else outcome
    with writing() as session:
        if not inbox.finish(session, delivery, state, reason):
            return
        # What could be done for this one can be done for those that came before it.
        others = [] if ignored else _hurry_others(session, delivery)
    if others:
        publish(TASK, others)
    log.info(
        "delivery_handled",
        extra={"delivery": delivery.id, "outcome": state.value, "reason": reason},
    )


def _hurry_others(session: Session, delivery: Delivery) -> list[int]:
    if delivery.record_id is None:
        return []
    return inbox.hurry(session, delivery.source, delivery.record_id)


def _act_on(
    delivery: Delivery, event: IssueEvent, links: Sequence[Link], owner: str, looked: Looked
) -> Ignore | str:
    match decide(event, linked=bool(links)):
        case Ignore() as ignore:
            return ignore
        case NoteDeletion():
            return _note_deletion(links[0], owner, f"{event.issue_key} was deleted in Jira")
        case CheckStatus():
            [link, *_] = links
            if link.id in looked:
                return _TOGETHER.format(looked[link.id])
            outcome = _check_status(link, owner)
            looked[link.id] = delivery.id
            return outcome
        case FindTask():
            return _find_task(delivery, event, owner)


def _check_status(link: Link, owner: str) -> str:
    with claimed([link.id], owner) as claim:
        held = _only(claim)
        if is_being_moved(held):
            _unchanged(claim, held)
            raise _Postponed(OUTAGE_WAIT, "our own move of the issue was not answered yet")
        try:
            # Read after the claim: what we write from here on cannot be older than this.
            with claim.calling(held):
                issue = wiring.jira().read(held.issue_id or "")
        except VendorNotFoundError:
            return note_deletion(claim, held, f"Jira no longer shows {held.issue_key}")
        except VendorError:
            _unchanged(claim, held)
            raise
        try:
            return follow_issue(wiring.peopleforce(), claim, held, issue)
        except VendorError:
            _unchanged(claim, held)
            raise


def _find_task(delivery: Delivery, event: IssueEvent, owner: str) -> Ignore | str:
    """Link an issue whose create was never answered: its webhook tells what search cannot yet."""
    if delivery.attempts == 1:
        raise _Postponed(UNKNOWN_WAIT, "its create may be being written down just now")
    try:
        issue = wiring.jira().read(event.issue_id)
    except VendorNotFoundError:
        return Ignore("Jira no longer has it")
    if issue.task_id is None:
        return Ignore("bears our label, but is not an issue of ours")
    with reading() as session:
        known = ledger.known_among(session, SOURCE, [issue.task_id]).get(issue.task_id)
    if known is None:
        return Ignore(f"made for task {issue.task_id}, which the ledger does not know")
    with claimed([known.link_id], owner) as claim:
        link = _only(claim)
        with writing() as session:
            if link.issue_id is None:
                # Its create was never answered, or it was out of our sight for a while.
                adopt(session, claim, link, [(issue.id, issue.key)])
            else:
                claim.unchanged(session, link)
                if link.issue_id == issue.id:
                    return Ignore("our own issue, just made")
                activity.note(
                    session,
                    DOMAIN,
                    link.source_id,
                    "duplicate_found",
                    f"{issue.key} names the same task as {link.issue_key}. "
                    "Please close it in Jira if nobody needs it.",
                    issue_key=issue.key,
                )
                alarms.duplicates_found(session, link, link.issue_key, [issue.key])
                return f"a second issue of task {issue.task_id}"
    found = f"found to be the issue of task {issue.task_id}"
    if event.event == ISSUE_CREATED:
        return found
    # What the event says of the status has not been looked at yet.
    raise _Postponed(BUSY_WAIT, found)


def _note_deletion(link: Link, owner: str, reason: str) -> str:
    with claimed([link.id], owner) as claim:
        return note_deletion(claim, _only(claim), reason)


def _only(claim: Claim) -> Link:
    if not claim.held:
        raise _Postponed(BUSY_WAIT, "somebody else is working on the record")
    return claim.held[0]


def _unchanged(claim: Claim, link: Link) -> None:
    with writing() as session:
        claim.unchanged(session, link)


def _postpone(
    delivery: Delivery, wait: timedelta, reason: str, error: VendorError | None = None
) -> None:
    with writing() as session:
        if error is not None:
            alarms.refused(session, error)
        if not inbox.postpone(session, delivery, wait, reason):
            return
    if wait <= UNKNOWN_WAIT:
        # The relay comes by every ten seconds; a short wait need not become a long one.
        publish(TASK, [delivery.id], delay=wait.total_seconds())
    log.info(
        "delivery_postponed",
        extra={"delivery": delivery.id, "seconds": wait.total_seconds(), "reason": reason},
    )


def _give_up(delivery: Delivery, problem: str) -> None:
    reason = (
        f"Jira's delivery {delivery.id} ({delivery.topic}) could not be worked on: {problem}. "
        f"Once the cause is mended, try again with: igw replay --delivery {delivery.id}"
    )
    with writing() as session:
        if not inbox.finish(session, delivery, DeliveryState.DEAD, reason):
            return
        dead_letters.bury(
            session,
            domain=DOMAIN,
            unit="delivery",
            unit_id=delivery.id,
            record=delivery.record_id or "",
            reason=reason,
            attempts=delivery.attempts,
        )
    log.error("delivery_given_up", extra={"delivery": delivery.id, "reason": problem})
