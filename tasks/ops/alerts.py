"""Telling people: alerts that are due go out by the first channel that takes them."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from celery import Task
from celery.exceptions import SoftTimeLimitExceeded

from celeryconfig import LEASE_SECONDS
from core import alerts
from core.alert_text import notice_of
from core.clock import now
from core.database import writing
from core.models import Alert
from core.schedule import claim_turn
from core.settings import get_settings
from tasks import app
from tasks.ops.channels import NotSent, Sent, channels, send

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=LEASE_SECONDS)

AT_ONCE = 5
"""Alerts that one claim takes: few enough to be told well within the lease."""

LONGEST = 40.0
"""Seconds after which one run takes no more; the next one is seconds away."""

NEWS_FOR = timedelta(hours=24)
"""How long delivery is tried: what was last seen longer ago is history, and stays in the list."""

UNEXPECTED_WAIT = timedelta(seconds=60)


@app.task(name="ops.deliver_alerts", bind=True, max_retries=3)
def deliver_alerts(self: Task, now_please: bool = False) -> None:
    """Tell people of every alert that is due.

    Safe to run twice: an alert is claimed, and what was told is written down at once. Only a run
    that is killed between the two tells it again. `now_please` does not wait for the schedule.
    """
    if not (now_please or claim_turn("ops.deliver_alerts")):
        return
    ends = time.monotonic() + LONGEST
    while time.monotonic() < ends:
        with writing() as session:
            due = alerts.claim_due(session, self.request.id, LEASE, AT_ONCE)
        if not due:
            return
        for alert in due:
            _deliver(alert)


def _deliver(alert: Alert) -> None:
    notice = notice_of(alert, get_settings().resolved_public_url)
    try:
        outcome = send(notice, channels(), alert.attempts)
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # noqa: BLE001 - below
        # One alert must not keep the others from people. Only the error's name is written down:
        # the text of an error that nobody foresaw may hold the URL, which is a password here.
        outcome = NotSent(f"an unexpected error, {type(error).__name__}", UNEXPECTED_WAIT)
    extra = {"alert": alert.id, "cause": alert.cause, "reason": outcome.reason}
    with writing() as session:
        match outcome:
            case Sent(channel, reason):
                alerts.delivered(session, alert, channel, reason)
                log.info("alert_delivered", extra={**extra, "channel": channel})
            case NotSent(reason, wait) if wait is not None and now() < alert.last_seen + NEWS_FOR:
                alerts.postponed(session, alert, wait, reason)
                log.warning("alert_postponed", extra={**extra, "seconds": wait.total_seconds()})
            case NotSent(reason):
                alerts.undeliverable(session, alert, reason)
                log.error("alert_undeliverable", extra=extra)
