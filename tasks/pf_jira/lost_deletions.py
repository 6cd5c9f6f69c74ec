"""Deletions whose webhook never came: no search shows them, so Jira is asked for each issue.

Only for those of open tasks, a hundred per call: a thousand calls a night for 100,000 of them. They
are spread over many short tasks, so that other work comes in between.
"""

from __future__ import annotations

import logging

from celery import Task

from core import ledger
from core.database import reading, writing
from core.dispatch import publish
from core.errors import PayloadError, VendorError, VendorNotFoundError
from core.schedule import claim_turn
from tasks import app
from tasks.pf_jira import SOURCE, alarms, wiring
from tasks.pf_jira.claims import claimed
from tasks.pf_jira.following import note_deletion

log = logging.getLogger(__name__)

TASK = "pf_jira.find_deleted"

AT_ONCE = 1_000
"""Issues that one task asks for: ten calls, a second or two."""

PAUSE_SECONDS = 3.0
"""Between two such tasks."""

FEW = 20
SHARE = 10
"""More than twenty that are missing, and more than one in ten, were not deleted by hand: a
permission was lost, or a project was archived. New issues for all of them would be a mess."""


@app.task(name=TASK, bind=True, max_retries=3)
def find_deleted(self: Task, after: int = 0) -> None:
    """Note the issues of open tasks that Jira no longer has, from the link after `after` on.

    Safe to run twice. When Jira is down, the next night asks again.
    """
    if after == 0 and not claim_turn(TASK):
        return
    with reading() as session:
        asked = ledger.open_issues(session, SOURCE, after, AT_ONCE)
    if not asked:
        return
    try:
        missing = wiring.jira().missing_among([issue_id for _, issue_id in asked])
        gone = [(link_id, issue_id) for link_id, issue_id in asked if issue_id in missing]
        if too_many(len(gone), len(asked)):
            _have_people_look(len(gone), len(asked))
            return
        for link_id, issue_id in gone:
            _look(link_id, issue_id, self.request.id)
    except (VendorError, PayloadError) as error:
        log.warning("find_deleted_failed", extra={"after": after, "error": str(error)})
        with writing() as session:
            alarms.refused(session, error)
        return
    log.info("looked_for_deleted", extra={"issues": len(asked), "missing": len(gone)})
    if len(asked) == AT_ONCE:
        publish(TASK, asked[-1][0], delay=PAUSE_SECONDS)


def too_many(missing: int, asked: int) -> bool:
    """Say whether so many issues are missing that people did not delete them one by one. Pure."""
    return missing > FEW and missing * SHARE > asked


def _have_people_look(missing: int, asked: int) -> None:
    log.error("issues_out_of_sight", extra={"missing": missing, "asked": asked})
    with writing() as session:
        alarms.out_of_sight(session, missing, asked)


def _look(link_id: int, issue_id: str, owner: str) -> None:
    with claimed([link_id], owner) as claim:
        for link in claim.held:
            try:
                # One call may leave out what is there all the same.
                with claim.calling(link):
                    wiring.jira().read(issue_id)
                is_there = True
            except VendorNotFoundError:
                is_there = False
            except (VendorError, PayloadError):
                with writing() as session:
                    claim.unchanged(session, link)
                raise
            if is_there or link.issue_id != issue_id:
                with writing() as session:
                    claim.unchanged(session, link)
            else:
                note_deletion(claim, link, f"Jira no longer shows {link.issue_key}")
