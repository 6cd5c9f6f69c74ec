"""A world of its own for each test: both stand-ins, gateway, broker, ledger, and a worker's hands.

The tasks run in this process, but all that they talk to is real: HTTP to the stand-ins, Redis, and
SQLite or PostgreSQL. What is published goes through the broker and is fetched from there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

import celeryconfig
from core.database import get_engine
from core.dispatch import publish, publisher
from core.redis_client import get_redis
from core.settings import (
    SANDBOX_API_KEY,
    SANDBOX_JIRA_EMAIL,
    SANDBOX_JIRA_TOKEN,
    SANDBOX_WEBHOOK_SECRET,
    get_settings,
)
from gateway import webhooks
from gateway.app import create_app as create_gateway
from sandbox.common.documents import Documents
from sandbox.common.server import running
from sandbox.jira.app import create_app as create_jira
from sandbox.jira.events import COMMENT_EVENTS, ISSUE_EVENTS
from sandbox.jira.model import Webhook
from sandbox.jira.site import JiraSite
from sandbox.jira.webhooks import Dispatcher
from sandbox.peopleforce.app import create_app as create_peopleforce
from tasks.pf_jira import wiring
from tests.connectors.conftest import StandIn
from tests.tasks.wire import Wire
from tests.tasks.world import World


class Clock:
    """Jira's clock: real time that can be moved on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class _PublishAtOnce:
    """Publishes in the request, so that a test need not wait for a thread."""

    def offer(self, task: str, row_id: int) -> None:
        publish(task, [row_id])


@pytest.fixture
def world(database, redis_client, settings_env, monkeypatch) -> Iterator[World]:
    """Two vendors without tasks or issues of ours, and a gateway between them."""
    clock = Clock()
    site = JiraSite(
        Documents(None), email=SANDBOX_JIRA_EMAIL, token=SANDBOX_JIRA_TOKEN, clock=clock
    )
    site.settings.index_lag_seconds = 0
    dispatcher = Dispatcher(site, site.documents)
    peopleforce = create_peopleforce(api_key=SANDBOX_API_KEY, open_tasks=0, completed_tasks=0)
    jira = create_jira(site, dispatcher=dispatcher)
    wires = Wire(), Wire()
    wires[0].tap(peopleforce)
    wires[1].tap(jira)
    root = logging.getLogger()
    before = root.handlers[:], root.level
    with ExitStack() as stack:
        peopleforce_url = stack.enter_context(running(peopleforce))
        jira_url = stack.enter_context(running(jira))
        for name, url in (("PEOPLEFORCE", peopleforce_url), ("JIRA", jira_url)):
            settings_env.setenv(f"IGW_SANDBOX_{name}_PORT", url.rpartition(":")[2])
            settings_env.setenv(f"IGW_{name}_REQUESTS_PER_SECOND", "100")
        _forget()
        monkeypatch.setattr(celeryconfig, "broker_url", get_settings().resolved_broker_url)
        gateway = create_gateway()
        gateway.extensions[webhooks.PUBLISHER] = _PublishAtOnce()
        root.handlers[:] = before[0]
        gateway_url = stack.enter_context(running(gateway))
        webhook = Webhook(
            id=1,
            name="gateway",
            url=f"{gateway_url}/webhooks/jira",
            events=[*ISSUE_EVENTS, *COMMENT_EVENTS],
            secret=SANDBOX_WEBHOOK_SECRET,
            updated=site.now(),
        )
        yield World(
            peopleforce=StandIn(peopleforce_url),
            jira=StandIn(jira_url),
            peopleforce_wire=wires[0],
            jira_wire=wires[1],
            site=site,
            clock=clock,
            dispatcher=dispatcher,
            webhook=webhook,
            redis=redis_client,
        )
        dispatcher.stop()
    get_engine().dispose()
    _forget()
    root.handlers[:] = before[0]
    root.setLevel(before[1])


def _forget() -> None:
    for cached in (get_settings, get_redis, publisher, wiring.peopleforce, wiring.jira):
        cached.cache_clear()
