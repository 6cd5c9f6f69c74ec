"""What RabbitMQ gave up: people are told, and the dead-letter queue is emptied."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable

from core import broker
from core.alerts import raise_alert
from core.broker import DeadMessage
from core.database import writing
from core.schedule import claim_turn
from tasks import app

log = logging.getLogger(__name__)

CAUSE = "dead_messages"

EXPIRED = "expired"
"""A tick of beat, or a command, whose time was over before a worker took it: it was meant to go."""


@app.task(name="ops.dead_messages", max_retries=0)
def dead_messages() -> None:
    """Tell people of the messages that RabbitMQ gave up; where the broker is Redis, do nothing.

    They are removed after the alert is written down. What they were about is in the database: it
    is due there, and published again in a new message.
    """
    if not claim_turn("ops.dead_messages"):
        return
    with broker.dead_messages() as found:
        counted = count(found)
        if not counted:
            return
        for (task, queue, reason), times in counted.items():
            log.error(
                "messages_given_up",
                extra={"task": task, "queue": queue, "reason": reason, "messages": times},
            )
        with writing() as session:
            raise_alert(
                session,
                cause=CAUSE,
                title="RabbitMQ gave messages up",
                text=describe(counted),
                path="/health/",
            )


def count(found: Iterable[DeadMessage]) -> Counter[tuple[str, str, str]]:
    """Count what was given up by task, queue and reason; what was meant to go is left out. Pure."""
    return Counter((it.task, it.queue, it.reason) for it in found if it.reason != EXPIRED)


def describe(counted: Counter[tuple[str, str, str]]) -> str:
    """Say what was given up, why, and what to do. Pure."""
    which = "; ".join(
        f"{times:,} of {task} in the queue {queue} ({reason})"
        for (task, queue, reason), times in counted.most_common(5)
    )
    return (
        f"It gave up {which}. `delivery_limit` means that a message was handed out "
        f"{broker.DELIVERY_LIMIT} times and its worker was gone each time before it was done. "
        "Nothing is lost: what the messages were about is due in the database and is published "
        "again. See the log of that queue's worker in data/logs for what ends it."
    )
