"""The relay: a delivery that was written down is published until somebody finishes it."""

from __future__ import annotations

import logging

from core import inbox, replaying
from core.database import writing
from core.dispatch import DELIVERIES_AT_ONCE, publish, publish_batches
from core.schedule import claim_turn
from tasks import app

log = logging.getLogger(__name__)

REPLAY_EXPIRES = 10.0
"""Seconds: the next turn of the relay asks again."""


@app.task(name="ops.relay", max_retries=0)
def relay() -> None:
    """Publish the deliveries that are due: their message was lost, or their wait is over.

    So are replays that a worker has begun and not ended; who goes through with one twice does no
    harm.
    """
    if not claim_turn("ops.relay"):
        return
    with writing() as session:
        due = inbox.take_due(session)
        replays = replaying.unfinished(session)
    for replay_id in replays:
        publish(replaying.TASK, replay_id, expires=REPLAY_EXPIRES)
    for task, ids in due.items():
        log.info("deliveries_relayed", extra={"task": task, "deliveries": len(ids)})
        publish_batches(task, ids, DELIVERIES_AT_ONCE)
