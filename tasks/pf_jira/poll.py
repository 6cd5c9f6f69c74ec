"""Reading PeopleForce: what is new, what changed, what is gone. Nothing here calls Jira."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from celery.exceptions import SoftTimeLimitExceeded

from connectors.peopleforce.models import Task
from core import activity, dead_letters, ledger, locks, reports, sightings
from core.clock import now
from core.database import reading, writing
from core.dispatch import LINKS_AT_ONCE, publish_batches
from core.errors import PayloadError, VendorError
from core.ledger import Known, Sighting
from core.models import DeadLetterState, Link, LinkState
from core.redis_client import NAMESPACE, get_redis
from core.schedule import claim_turn
from core.settings import get_settings
from tasks import app
from tasks.pf_jira import DOMAIN, SOURCE, alarms, wiring
from tasks.pf_jira.comparison import PUSH_MARGIN, compare, sighting

log = logging.getLogger(__name__)

SCANS_BEFORE_VANISHED = 3
"""Full readings of both lists without a task before it is taken to be gone."""

MAX_COMPLETED_PAGES = 100
"""Pages in one poll, which has to end within its time limit; the next one reads on."""

NEXT_PART_KEY = f"{NAMESPACE}pf_jira.completed_page"
NEXT_PART_SECONDS = 3600

PAGES_PAST_OLDEST = 2
"""Completed pages to read on after the oldest missing id was passed: the order is a habit of the
vendor, not a promise."""


@app.task(name="pf_jira.poll", max_retries=0)
def poll(now_please: bool = False) -> None:
    """Compare PeopleForce with the ledger, once per interval, and publish what is to be done.

    `now_please` skips the wait for the interval, for a person who does not want to wait; the lock
    still keeps two polls apart.
    """
    with locks.held("pf_jira.poll") as lock:
        if lock is None:
            log.info("poll_skipped", extra={"reason": "another poll is still running"})
        elif now_please or claim_turn("pf_jira.poll"):
            _poll_and_tell(lock)


def _poll_and_tell(lock: locks.Holding) -> None:
    """Poll; whatever ends it is told to whoever looks at the status, not to the log alone."""
    began, started = now(), time.monotonic()
    try:
        _poll(lock, began, started)
    except locks.LockLostError:
        # Whoever has the lock now reads newer lists and reports of them.
        log.warning("poll_stopped", extra={"reason": "its lock was lost"})
    except Exception as error:
        _report(began, started, error=_words_for(error))
        raise


def _words_for(error: Exception) -> str:
    if isinstance(error, SoftTimeLimitExceeded):
        return "PeopleForce's lists could not be read in the time of one task"
    return f"an unexpected error ({type(error).__name__}); the log of the worker pf_jira has it"


def _poll(lock: locks.Holding, began: datetime, started: float) -> None:
    try:
        tasks = wiring.peopleforce().open_tasks()
        with reading() as session:
            known = ledger.known_open(session, SOURCE)
            unknown = {str(task.id) for task in tasks} - known.keys()
            known |= ledger.known_among(session, SOURCE, unknown)
        comparison = compare(tasks, known, began=began, start=get_settings().sync_tasks_from)
        missing = _to_look_for(comparison.missing)
        found, read_all = _look_among_completed(missing)
    except (VendorError, PayloadError) as error:
        # Nothing was concluded, so nothing is lost: the next poll sees the same changes.
        log.warning("poll_failed", extra={"error": str(error)})
        since = _failing_since(began)
        _report(began, started, error=str(error), failing_since=since.isoformat())
        alarms.polls_failing(since, error, began)
        return
    alarms.polls_succeed()
    completed = [sighting(task, missing[str(task.id)]) for task in found]
    changes = [*comparison.sightings, *completed]
    _note_and_publish(lock, changes, began)
    lost = [link for sid, link in missing.items() if sid not in _ids(found)]
    if read_all:
        lock.check()
        _note_missing(lost)
    _report(
        began,
        started,
        open=len(tasks),
        new=sum(change.link_id is None for change in changes),
        changed=sum(change.link_id is not None for change in changes),
        missing=len(lost),
    )


def _failing_since(began: datetime) -> datetime:
    """Say when the polls began to fail, of which the one that began now is the latest."""
    last = reports.last("pf_jira.poll") or {}
    return datetime.fromisoformat(last.get("failing_since", began.isoformat()))


def _ids(tasks: Sequence[Task]) -> set[str]:
    return {str(task.id) for task in tasks}


def _to_look_for(missing: Mapping[str, Known]) -> dict[str, Known]:
    """Leave out what was seen to be completed: it is noted, and only the work on it waits."""
    if not missing:
        return {}
    with reading() as session:
        noted = ledger.seen_completed(session, [link.link_id for link in missing.values()])
    return {sid: link for sid, link in missing.items() if link.link_id not in noted}


def _look_among_completed(missing: Mapping[str, Known]) -> tuple[list[Task], bool]:
    """Find missing tasks in the completed list, newest first, as far as needed.

    The second value says whether the list was read far enough to call the others missing. A long
    list is read in parts, one per poll: it grows at its beginning, so the part that follows is
    never skipped.
    """
    wanted = set(missing)
    if not wanted:
        return [], True
    oldest = min(int(source_id) for source_id in wanted)
    found: list[Task] = []
    past = 0
    first = int(cast("str | None", get_redis().get(NEXT_PART_KEY)) or 1)
    for number, page in enumerate(wiring.peopleforce().completed_pages(first), start=first):
        found += [task for task in page if str(task.id) in wanted]
        wanted -= _ids(page)
        past = past + 1 if all(task.id < oldest for task in page) else 0
        if not wanted or past > PAGES_PAST_OLDEST:
            break
        if number - first + 1 >= MAX_COMPLETED_PAGES:
            get_redis().set(NEXT_PART_KEY, number + 1, ex=NEXT_PART_SECONDS)
            return found, False
    get_redis().delete(NEXT_PART_KEY)
    return found, True


def _note_and_publish(lock: locks.Holding, changes: Sequence[Sighting], began: datetime) -> None:
    since = began - PUSH_MARGIN
    for start in range(0, len(changes), ledger.CHUNK):
        # What another poll has read meanwhile is newer, and must not be undone.
        lock.check()
        with writing() as session:
            chunk = changes[start : start + ledger.CHUNK]
            before = sightings.known(session, chunk)
            ids = ledger.note_sightings(session, SOURCE, chunk, unless_pushed_since=since)
            sightings.tell(session, DOMAIN, chunk, before, ids)
        publish_batches("pf_jira.sync", ids, LINKS_AT_ONCE)


def _note_missing(links: Sequence[Known]) -> None:
    """Count the scans that found a task nowhere; absence alone is never taken for deletion."""
    if not links:
        return
    with writing() as session:
        for known in links:
            link = session.get_one(Link, known.link_id)
            if link.seen_hash != known.seen_hash or link.completed:
                continue  # It moved on while the lists were read.
            link.missing_scans += 1
            if link.missing_scans >= SCANS_BEFORE_VANISHED:
                link.state = LinkState.VANISHED
                link.reason = "in neither list of PeopleForce; it was probably deleted there"
                link.due_at = None
                activity.note(
                    session,
                    DOMAIN,
                    link.source_id,
                    "vanished",
                    f"The task was in neither list of PeopleForce for {link.missing_scans} polls."
                    + (f" {link.issue_key} was left as it is." if link.issue_id else ""),
                    issue_key=link.issue_key,
                )
                # There is nothing left to try again.
                dead_letters.close(session, "link", link.id, DeadLetterState.RESOLVED)


def _report(began: datetime, started: float, **outcome: int | str) -> None:
    report = {
        "began": began.isoformat(),
        "seconds": round(time.monotonic() - started, 3),
        **outcome,
    }
    log.info("polled", extra=report)
    reports.save("pf_jira.poll", report)
