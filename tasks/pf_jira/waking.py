"""Trying postponed work at once when somebody has touched its issue in Jira."""

from __future__ import annotations

import logging

from connectors.jira.events import IssueEvent
from core import ledger
from core.database import writing
from core.dispatch import publish
from core.errors import PayloadError, VendorError
from core.models import Link
from tasks.pf_jira import wiring
from tasks.pf_jira.claims import SYNC

log = logging.getLogger(__name__)


def wake(link: Link, event: IssueEvent) -> None:
    """Publish the work that was postponed for a link, because of an event about its issue.

    Jira works, and what kept the work from being done may just have been mended. An event of our
    own says neither: a write that is answered too late causes one each time, and would be repeated
    without a pause.
    """
    if link.due_at is None or link.attempts == 0 or _ours(event):
        return
    with writing() as session:
        hurried = ledger.hurry(session, [link.id])
    if hurried:
        log.info("work_hurried", extra={"record": link.source_id, "event": event.event})
        publish(SYNC, hurried)


def _ours(event: IssueEvent) -> bool:
    """Say whether we caused an event; while that cannot be found out, it counts as ours."""
    try:
        return event.actor_id == wiring.jira().own_account
    except (VendorError, PayloadError):
        return True
