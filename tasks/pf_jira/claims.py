"""Working on links: taking them, and giving every one of them back whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy.orm import Session

from celeryconfig import LEASE_SECONDS
from connectors.jira.refusals import is_not_on_screen
from connectors.peopleforce.models import record_hash
from core import activity, dead_letters, ledger
from core.calls import MOST, Call, recorded
from core.clock import now
from core.database import writing
from core.dispatch import publish
from core.errors import VendorBreakerOpenError, VendorError
from core.mapping.routing import Rule
from core.models import DeadLetterState, Link, LinkState
from tasks.pf_jira import DOMAIN, alarms
from tasks.pf_jira.failures import wait_after, wait_after_unexpected

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=LEASE_SECONDS)

SYNC = "pf_jira.sync"


class Claim:
    """The links that one task works on. Each is given back once: done, later, or for good.

    The methods write in the caller's transaction, so that an effect and its activity are one. The
    links handed out are snapshots to read; what is written goes to the row as it is then. A link
    whose lease ran out belongs to somebody else, and nothing is written to it.
    """

    def __init__(self, owner: str, links: Sequence[Link]) -> None:
        self.owner = owner
        self._held = {link.id: link for link in links}
        self._refused_by: set[str] = set()
        self._calls: dict[int, list[Call]] = {}
        self._soon: dict[int, timedelta] = {}

    @property
    def soon(self) -> Mapping[int, timedelta]:
        """The links whose next attempt is closer than the next turn of `resume`, by their ids."""
        return self._soon

    @property
    def held(self) -> list[Link]:
        """The links that are not given back yet."""
        return list(self._held.values())

    @contextmanager
    def calling(self, *links: Link) -> Generator[None]:
        """Keep the calls that are made inside the block, to be told with what came of them."""
        with recorded() as made:
            try:
                yield
            finally:
                for link in links:
                    self._calls[link.id] = [*self._calls.get(link.id, ()), *made][-MOST:]

    def calls_of(self, link: Link) -> list[Call]:
        """Give the calls that were made for a link since this was asked for last."""
        return self._calls.pop(link.id, [])

    def save(self, session: Session, link: Link, **values: object) -> bool:
        """Write values to a link and keep it; `False` when the lease was lost.

        Then somebody else may be acting for it, and nothing more is to be done here.
        """
        if self._write(session, link, values) is not None:
            return True
        self._held.pop(link.id, None)
        return False

    def intend(self, session: Session, link: Link, **values: object) -> bool:
        """Write an intent to a link and keep it; `False` when another attempt was faster.

        The broker may hand one message out twice, and then both have the same claim.
        """
        row = ledger.held(session, link.id, self.owner)
        if row is not None and (row.intent_at, row.issue_id) == (link.intent_at, link.issue_id):
            return self.save(session, link, intent_at=now(), **values)
        self._held.pop(link.id, None)
        return False

    def done(self, session: Session, link: Link, **values: object) -> None:
        """Give a link back with its work done.

        When a poll wrote a newer snapshot meanwhile, its work stays due.
        """
        row = self._give_back(session, link, values)
        if row is None:
            return
        dead_letters.close(session, "link", link.id, DeadLetterState.RESOLVED)
        row.last_sync_hash = link.seen_hash
        row.attempts = 0
        _settle(row, link)

    def unchanged(self, session: Session, link: Link, **values: object) -> None:
        """Give a link back; work that was waiting stays as it was."""
        self._give_back(session, link, values)

    def agree(self, session: Session, link: Link, *, completed: bool, **values: object) -> None:
        """Give a link back with both sides agreed on `completed`.

        The snapshot follows, so that the next poll recognises our own change. So does one that a
        poll wrote meanwhile: it was read before the change, because what is read after it is not
        written down (`ledger.note_sightings`), and would otherwise undo the change in Jira.
        """
        row = self._give_back(session, link, {"completed": completed, **values})
        if row is None:
            return
        was_synced = row.last_sync_hash == row.seen_hash
        row.snapshot = {**row.snapshot, "completed": completed}
        row.seen_hash = record_hash(row.snapshot)
        if was_synced:
            row.last_sync_hash = row.seen_hash

    def later(
        self, session: Session, link: Link, wait: timedelta, reason: str, **values: object
    ) -> None:
        """Give a link back, to be tried again after `wait`."""
        values = {"attempts": link.attempts + 1, "reason": reason, **values}
        row = self._give_back(session, link, {**values, "due_at": now() + wait})
        if row is not None and wait <= ledger.SOON:
            self._soon[link.id] = wait

    def again(self, link: Link, **values: object) -> None:
        """Give a link back to be planned anew at once: its rule has changed meanwhile."""
        with writing() as session:
            self._give_back(session, link, {**values, "due_at": now()})
        self._soon[link.id] = timedelta(0)

    def give_up(self, session: Session, link: Link, reason: str, **values: object) -> None:
        """Give a link back for good: a dead letter says why, and a newer snapshot tries again."""
        attempts = link.attempts + 1
        values = {**values, "state": LinkState.DEAD, "reason": reason, "attempts": attempts}
        row = self._give_back(session, link, values)
        if row is None:
            return
        _settle(row, link)
        log.error("work_given_up", extra={"record": link.source_id, "attempts": attempts})
        dead_letters.bury(
            session,
            domain=DOMAIN,
            unit="link",
            unit_id=link.id,
            record=link.source_id,
            reason=reason,
            attempts=attempts,
            rule_id=row.rule_id,
        )
        activity.note(
            session,
            DOMAIN,
            link.source_id,
            "given_up",
            reason,
            issue_key=link.issue_key,
            rule_id=row.rule_id,
            calls=self.calls_of(link),
        )

    def failed(self, session: Session, link: Link, error: VendorError, **values: object) -> None:
        """Give a link back after a vendor's refusal or silence: later, or for good."""
        if error.vendor not in self._refused_by:
            # Once for all links that one answer concerns.
            self._refused_by.add(error.vendor)
            alarms.refused(session, error)
        wait = wait_after(error, link.attempts + 1)
        if wait is None:
            self.give_up(session, link, explain(link, error), **values)
            return
        reason = str(error)
        if isinstance(error, VendorBreakerOpenError):
            # It was not asked, so no attempt is spent, and the reason why it waits stays.
            reason = link.reason or reason
            values = {"attempts": link.attempts, **values}
        elif reason != link.reason:
            # Once for each reason: a vendor that is down for a day must not fill the story.
            self._tell_postponed(session, link, reason)
        self.later(session, link, wait, reason, **values)
        log.warning(
            "work_postponed",
            extra={"record": link.source_id, "seconds": wait.seconds, "error": str(error)},
        )

    def _tell_postponed(self, session: Session, link: Link, reason: str) -> None:
        activity.note(
            session,
            DOMAIN,
            link.source_id,
            "postponed",
            f"The attempt failed and will be repeated: {reason}.",
            issue_key=link.issue_key,
            rule_id=link.rule_id,
            calls=self.calls_of(link),
        )

    def failed_all(self, error: VendorError) -> None:
        """Give back what is still held after an error that the next call would meet, too."""
        with writing() as session:
            for link in self.held:
                self.failed(session, link, error)

    def hold(self, session: Session, link: Link, rule: Rule, reason: str, **values: object) -> None:
        """Give a link back to wait for its rule, which is tripped; a newer snapshot asks again."""
        values = {**values, "state": LinkState.HELD, "reason": reason, "rule_id": rule.id}
        row = self._give_back(session, link, values)
        if row is None:
            return
        row.attempts = 0
        _settle(row, link)
        dead_letters.hold(
            session,
            domain=DOMAIN,
            unit="link",
            unit_id=link.id,
            record=link.source_id,
            reason=reason,
            rule_id=rule.id,
        )
        if link.state is not LinkState.HELD:
            activity.note(
                session,
                DOMAIN,
                link.source_id,
                "held",
                reason,
                issue_key=link.issue_key,
                rule_id=rule.id,
                calls=self.calls_of(link),
            )

    def broken(self, link: Link, error: Exception) -> None:
        """Give a link back after an error that nobody foresaw: later, or for good.

        The other links stay held.
        """
        log.error("work_broken", extra={"record": link.source_id}, exc_info=error)
        with writing() as session:
            self._give_back_broken(session, link, error)

    def broken_all(self, error: Exception) -> None:
        """Give back what is still held after an error that nobody foresaw."""
        with writing() as session:
            for link in self.held:
                self._give_back_broken(session, link, error)

    def _give_back_broken(self, session: Session, link: Link, error: Exception) -> None:
        attempt, name = link.attempts + 1, type(error).__name__
        wait = wait_after_unexpected(error, attempt)
        if wait is not None:
            self.later(session, link, wait, f"unexpected error: {name}")
        else:
            self.give_up(
                session,
                link,
                f"Task {link.source_id} failed {attempt} times with an unexpected error "
                f"({name}). The log of the worker pf_jira has it; once it is mended, "
                f"try again with: igw replay {link.source_id}",
            )

    def _give_back(self, session: Session, link: Link, values: Mapping[str, object]) -> Link | None:
        row = self._write(session, link, {**values, "claimed_by": None, "claimed_until": None})
        self._held.pop(link.id, None)
        return row

    def _write(self, session: Session, link: Link, values: Mapping[str, object]) -> Link | None:
        row = ledger.held(session, link.id, self.owner)
        if row is None:
            log.warning("lease_lost", extra={"record": link.source_id})
            return None
        for name, value in values.items():
            setattr(row, name, value)
        return row


def _settle(row: Link, link: Link) -> None:
    """Let what was worked on wait no longer; what a poll wrote meanwhile waits since now."""
    row.due_at = None
    if row.seen_hash != link.seen_hash:
        row.due_at = now()


@contextmanager
def claimed(link_ids: Sequence[int], owner: str, *, only_waiting: bool = False) -> Generator[Claim]:
    """Claim links for a task and give back what it leaves unfinished.

    With `only_waiting`, links without waiting work are left out: their message came twice. Links
    that somebody else works on are left out; their work stays due. After an error that nobody
    foresaw, what was held is tried again a few times and then becomes dead letters.
    """
    with writing() as session:
        links = ledger.claim(session, link_ids, owner, LEASE, only_waiting=only_waiting)
    claim = Claim(owner, links)
    try:
        yield claim
    except Exception as error:
        claim.broken_all(error)
        raise
    else:
        if claim.held:
            with writing() as session:
                for link in claim.held:
                    claim.later(session, link, timedelta(0), link.reason)
        if claim.soon:
            # A short wait need not become a long one.
            longest = max(claim.soon.values())
            publish(SYNC, sorted(claim.soon), delay=longest.total_seconds())


def explain(link: Link, error: VendorError) -> str:
    """Say in words what the vendor refused, about which record, and what to do."""
    fields = getattr(error, "field_errors", {})
    said = "; ".join(f"{field}: {message}" for field, message in fields.items()) or error.detail
    about = f"task {link.source_id}" + (f" (issue {link.issue_key})" if link.issue_key else "")
    remedy = "Correct the task or the rule"
    if link.issue_key and any(is_not_on_screen(message) for message in fields.values()):
        remedy = "Put the field on Jira's edit screen, or take it out of the rule"
    return (
        f"{error.vendor} refused to {error.operation.replace('_', ' ')} for {about}: "
        f"{said or f'status {error.status}'}. {remedy}, then try again with: "
        f"igw replay {link.source_id}"
    )
