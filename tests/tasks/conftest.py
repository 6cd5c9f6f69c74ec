"""A world of its own for each test: both stand-ins, gateway, broker, ledger, and a worker's hands.

The tasks run in this process, but all that they talk to is real: HTTP to the stand-ins, Redis, and
SQLite or PostgreSQL. What is published goes through the broker and is fetched from there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from flask import Flask

import celeryconfig
from core.database import get_engine
from core.dispatch import publish, publisher
from core.redis_client import get_prompt_redis, get_redis
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
from sandbox.jira.context import Services
from sandbox.jira.events import COMMENT_EVENTS, ISSUE_EVENTS
from sandbox.jira.model import Settings, Webhook
from sandbox.jira.site import JiraSite
from sandbox.jira.webhooks import Dispatcher
from sandbox.peopleforce.app import create_app as create_peopleforce
from tasks.ops.channels import channels
from tasks.pf_jira import wiring
from tasks.pf_jira.schemas import schema_of
from tests.connectors.conftest import StandIn
from tests.support.messengers import CHAT, TOKEN, WEBHOOK_PATH, messengers
from tests.tasks.shadowing import Shadowed
from tests.tasks.telling import Told
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

    def offer(self, task: str, row_id: int, *, bulk: bool = False) -> None:
        publish(task, [row_id], bulk=bulk)


@dataclass
class _Jira:
    """The Jira stand-in: one app for all tests, since it is slow to build, and a new site each."""

    app: Flask
    site: JiraSite
    clock: Clock
    wire: Wire

    def begin_again(self) -> Dispatcher:
        """Forget what the last test did."""
        self.clock.ahead = 0.0
        self.site.token = SANDBOX_JIRA_TOKEN
        self.site.webhooks.clear()
        self.site.settings = Settings(index_lag_seconds=0)
        self.site.reset()
        self.wire.forget()
        dispatcher = Dispatcher(self.site, self.site.documents)
        self.app.extensions["jira"] = Services(self.site, dispatcher)
        return dispatcher


@pytest.fixture(scope="session")
def jira_app() -> _Jira:
    clock, wire = Clock(), Wire()
    account = {"email": SANDBOX_JIRA_EMAIL, "token": SANDBOX_JIRA_TOKEN}
    site = JiraSite(Documents(None), **account, clock=clock)
    app = create_jira(site)
    wire.tap(app)
    return _Jira(app, site, clock, wire)


@pytest.fixture
def world(database, redis_client, settings_env, monkeypatch, jira_app) -> Iterator[World]:
    """Two vendors without tasks or issues of ours, and a gateway between them."""
    dispatcher = jira_app.begin_again()
    peopleforce = create_peopleforce(api_key=SANDBOX_API_KEY, open_tasks=0, completed_tasks=0)
    wire = Wire()
    wire.tap(peopleforce)
    root = logging.getLogger()
    before = root.handlers[:], root.level
    with ExitStack() as stack:
        peopleforce_url = stack.enter_context(running(peopleforce))
        jira_url = stack.enter_context(running(jira_app.app))
        for name, url in (("PEOPLEFORCE", peopleforce_url), ("JIRA", jira_url)):
            settings_env.setenv(f"IGW_SANDBOX_{name}_PORT", url.rpartition(":")[2])
            settings_env.setenv(f"IGW_{name}_REQUESTS_PER_SECOND", "100")
        forget()
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
            updated=jira_app.site.now(),
        )
        world = World(
            peopleforce=StandIn(peopleforce_url),
            jira=StandIn(jira_url),
            peopleforce_wire=wire,
            jira_wire=jira_app.wire,
            site=jira_app.site,
            clock=jira_app.clock,
            dispatcher=dispatcher,
            webhook=webhook,
            redis=redis_client,
        )
        world.jira.control("DELETE", "faults")
        # Jira's schema is read once an hour; the calls that tests count come on top of that.
        schema_of("HR", "Task")
        world.forget_calls()
        yield world
        dispatcher.stop()
    get_engine().dispose()
    forget()
    root.handlers[:] = before[0]
    root.setLevel(before[1])


@pytest.fixture
def linked(world):
    """A task with its issue, while Jira tells the gateway of every change."""
    [task_id] = world.has_synced_tasks(1)
    world.listen()
    return task_id


@pytest.fixture
def both(world, settings_env) -> Iterator[Told]:
    """The world with Slack and Telegram, and all that is told there."""
    with messengers() as (slack, telegram):
        settings_env.setenv("IGW_SLACK_WEBHOOK_URL", f"{slack.url}{WEBHOOK_PATH}")
        settings_env.setenv("IGW_TELEGRAM_BASE_URL", telegram.url)
        settings_env.setenv("IGW_TELEGRAM_BOT_TOKEN", TOKEN)
        settings_env.setenv("IGW_TELEGRAM_CHAT_ID", CHAT)
        settings_env.setenv("IGW_PUBLIC_URL", "https://gateway.acme.example/")
        forget()
        yield Told(world, slack, telegram)
    forget()


@pytest.fixture
def shadowed(world) -> Shadowed:
    """The world with a rule for laptops, once `rule()` puts it into force."""
    return Shadowed(world)


def forget() -> None:
    """Let everything that is made once per process be made anew, from the settings as they are."""
    vendors = (wiring.peopleforce, wiring.jira, channels)
    for cached in (get_settings, get_redis, get_prompt_redis, publisher, *vendors):
        cached.cache_clear()
