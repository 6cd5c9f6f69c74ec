"""The nightly net under the webhooks: one search finds the issues whose webhook never came."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil

from celery import Task

from connectors.jira.models import Issue
from core import ledger, reports
from core.clock import now
from core.database import reading, writing
from core.errors import PayloadError, VendorError
from core.schedule import claim_turn
from tasks import app
from tasks.pf_jira import alarms, wiring
from tasks.pf_jira.claims import claimed
from tasks.pf_jira.failures import concerns_all
from tasks.pf_jira.following import follow_issue, is_being_moved

log = logging.getLogger(__name__)

ENTRY = "pf_jira.sweep"

LOOK_BACK = timedelta(hours=26)
"""A day, and two hours for a sweep that began late."""

LATE = LOOK_BACK - timedelta(days=1)

LOOK_BACK_MOST = timedelta(days=30)
"""After a longer standstill the oldest changes are left to the next change of their issue."""


@app.task(name="pf_jira.sweep", bind=True, max_retries=3)
def sweep(self: Task) -> None:
    """Bring tasks to where their issues are, for issues that changed in the last day.

    A record that somebody works on is left to them. When a vendor is down, the next night looks
    back as far as this one should have.
    """
    if not claim_turn(ENTRY):
        return
    began = now()
    try:
        issues = list(wiring.jira().changed_since(_minutes_to_look_back(began)))
    except (VendorError, PayloadError) as error:
        log.warning("sweep_failed", extra={"error": str(error)})
        with writing() as session:
            alarms.refused(session, error)
        return
    disagreeing = _disagreeing(issues)
    for link_id, issue in disagreeing:
        try:
            _follow(link_id, issue, self.request.id)
        except (VendorError, PayloadError) as error:
            log.warning("sweep_postponed", extra={"issue": issue.key, "error": str(error)})
            if isinstance(error, VendorError) and concerns_all(error):
                return
    counts = {"issues": len(issues), "disagreeing": len(disagreeing)}
    reports.save(ENTRY, {"began": began.isoformat(), **counts})
    log.info("swept", extra=counts)


def _minutes_to_look_back(began: datetime) -> int:
    """Give the time since the last sweep that came to its end, and the usual time at least."""
    last = reports.last(ENTRY)
    since = began - datetime.fromisoformat(last["began"]) + LATE if last else LOOK_BACK
    return ceil(min(max(since, LOOK_BACK), LOOK_BACK_MOST) / timedelta(minutes=1))


def _disagreeing(issues: Sequence[Issue]) -> list[tuple[int, Issue]]:
    by_id = {issue.id: issue for issue in issues}
    with reading() as session:
        links = ledger.by_issue(session, by_id.keys())
    return [
        (link.id, by_id[link.issue_id])
        for link in links
        if link.issue_id is not None and by_id[link.issue_id].done != link.completed
    ]


def _follow(link_id: int, found: Issue, owner: str) -> None:
    with claimed([link_id], owner) as claim:
        for link in claim.held:
            if is_being_moved(link):
                with writing() as session:
                    claim.unchanged(session, link)
                continue
            try:
                # The index lags, and a poll may have been faster: what is true now decides.
                issue = wiring.jira().read(found.id)
                follow_issue(wiring.peopleforce(), claim, link, issue)
            except (VendorError, PayloadError) as error:
                with writing() as session:
                    alarms.refused(session, error)
                    claim.unchanged(session, link)
                raise
