"""Publishing noted work again: postponed, or lost between the ledger and a worker."""

from __future__ import annotations

import logging

from core import ledger
from core.database import writing
from core.dispatch import LINKS_AT_ONCE, publish_batches
from core.schedule import claim_turn
from tasks import app

log = logging.getLogger(__name__)


@app.task(name="pf_jira.resume", max_retries=0)
def resume() -> None:
    """Publish all work whose time has come."""
    if not claim_turn("pf_jira.resume"):
        return
    with writing() as session:
        due = ledger.take_due(session)
    if due:
        log.info("work_resumed", extra={"links": len(due)})
        publish_batches("pf_jira.sync", due, LINKS_AT_ONCE)
