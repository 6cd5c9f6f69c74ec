"""Whether a RabbitMQ can keep the gateway's messages, and whether it gave any of them up."""

from __future__ import annotations

import re

from cli.outcomes import Outcome, failed, warned, well
from core.broker import BrokerUnavailableError, RabbitUse, rabbitmq

OLDEST = (3, 10)
"""The first whose quorum queues know messages that expire."""


def check_rabbitmq(remedy: str) -> Outcome:
    """Look whether RabbitMQ answers, and what it holds."""
    try:
        found = rabbitmq()
    except BrokerUnavailableError as error:
        return failed(f"does not answer: {error}", remedy)
    return well("is Redis") if found is None else judge_rabbitmq(found)


def judge_rabbitmq(found: RabbitUse) -> Outcome:
    """Say what follows from how a RabbitMQ is. Pure."""
    server = f"RabbitMQ {found.version}, quorum queues, {found.waiting:,} waiting"
    if tuple(map(int, re.findall(r"\d+", found.version)[:2])) < OLDEST:
        return failed(
            f"{server}: older than 3.10, its queues cannot let messages expire, and ticks of beat "
            "that waited through an outage are all done afterwards",
            "upgrade the server",
        )
    if found.dead:
        return warned(
            f"{server}; {found.dead:,} it gave up, and nobody was told yet",
            "nothing, if the worker `ops` runs: it tells people each minute, and empties the queue",
        )
    return well(server)
