"""The nightly net under the webhooks: one search finds the issues whose webhook never came."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from celery import Task

from connectors.jira.models import Issue
from core import ledger
from core.database import reading, writing
from core.errors import VendorError
from core.schedule import claim_turn
from tasks import app
from tasks.pf_jira import wiring
from tasks.pf_jira.claims import claimed
from tasks.pf_jira.failures import concerns_all
from tasks.pf_jira.following import follow_issue

log = logging.getLogger(__name__)

LOOK_BACK_MINUTES = 26 * 60
"""A day, and two hours for a sweep that began late."""


@app.task(name="pf_jira.sweep", bind=True, max_retries=3)
def sweep(self: Task) -> None:
    """Bring tasks to where their issues are, for issues that changed in the last day.

    A record that somebody works on is left to them. When a vendor is down, the rest is left to the
    next night, or to the next change of the issue.
    """
    if not claim_turn("pf_jira.sweep"):
        return
    try:
        issues = list(wiring.jira().changed_since(LOOK_BACK_MINUTES))
    except VendorError as error:
        log.warning("sweep_failed", extra={"error": str(error)})
        return
    disagreeing = _disagreeing(issues)
    for link_id, issue in disagreeing:
        try:
            _follow(link_id, issue, self.request.id)
        except VendorError as error:
            log.warning("sweep_postponed", extra={"issue": issue.key, "error": str(error)})
            if concerns_all(error):
                break
    log.info("swept", extra={"issues": len(issues), "disagreeing": len(disagreeing)})


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
            try:
                # The index lags, and a poll may have been faster: what is true now decides.
                issue = wiring.jira().read(found.id)
                follow_issue(wiring.peopleforce(), claim, link, issue)
            except VendorError:
                with writing() as session:
                    claim.unchanged(session, link)
                raise
