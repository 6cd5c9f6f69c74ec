"""RabbitMQ as the broker: what waits is counted, and what it gives up is told."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import closing

import pytest
from kombu import Connection
from sqlalchemy import select

import celeryconfig
from core import broker
from core.broker import BrokerUnavailableError
from core.database import reading
from core.dispatch import publish, publish_batches, publisher
from core.models import Alert
from core.schedule import turn_key
from core.settings import get_settings
from tasks.ops.dead_messages import dead_messages
from tests.conftest import wait_until

pytestmark = [
    pytest.mark.rabbitmq,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.fixture
def rabbitmq(database, redis_client, rabbitmq_server, settings_env) -> Iterator[Connection]:
    """A connection to the broker that the settings name, with all queues made and empty."""
    settings_env.setenv("IGW_BROKER_URL", rabbitmq_server.url)
    _configure_anew()
    broker.declare()
    with Connection(rabbitmq_server.url) as connection:
        for queue in [*celeryconfig.task_queues, broker.dead_queue()]:
            queue.bind(connection.default_channel).purge()
        yield connection
    settings_env.delenv("IGW_BROKER_URL")
    _configure_anew()


def _configure_anew() -> None:
    get_settings.cache_clear()
    importlib.reload(celeryconfig)
    publisher.cache_clear()


def given_up() -> int:
    """Count what RabbitMQ gave up and nobody was told of."""
    found = broker.rabbitmq()
    assert found is not None
    return found.dead


def give_up(connection: Connection, queue: str) -> None:
    """Take a message and give it back until RabbitMQ hands it out no more."""
    with closing(connection.channel()) as channel:
        for _ in range(broker.DELIVERY_LIMIT + 1):
            message = wait_until(lambda: channel.basic_get(queue), every=0.01, what="the message")
            channel.basic_reject(message.delivery_tag, requeue=True)
    wait_until(lambda: given_up() == 1, every=0.05, what="RabbitMQ to give it up")


def look(redis_client) -> list[Alert]:
    redis_client.delete(turn_key("ops.dead_messages"))
    dead_messages.apply(throw=True)
    with reading() as session:
        return list(session.scalars(select(Alert)))


def test_what_is_published_is_on_its_queue_when_publishing_returns(rabbitmq):
    assert publish("pf_jira.poll")
    assert publish("pf_jira.look_up", "r-1")

    lengths = {name: length for name, length in broker.queue_lengths().items() if length}
    assert lengths == {"pf_jira": 1, "pf_jira.commands": 1}


def test_what_takes_more_than_one_message_goes_to_the_queue_that_is_overtaken(rabbitmq):
    publish_batches("pf_jira.sync", [1, 2], at_once=2)
    publish_batches("pf_jira.sync", [1, 2, 3], at_once=2)

    lengths = broker.queue_lengths()
    assert (lengths["pf_jira"], lengths["pf_jira.bulk"]) == (1, 2)


def test_a_message_that_is_handed_out_too_often_is_told_and_removed(rabbitmq, redis_client):
    publish("pf_jira.sync", [7])
    give_up(rabbitmq, "pf_jira")

    [alert] = look(redis_client)

    assert alert.cause == "dead_messages"
    assert "1 of pf_jira.sync in the queue pf_jira (delivery_limit)" in alert.text
    assert given_up() == 0


def test_what_was_given_up_stays_until_it_is_told(rabbitmq, redis_client, monkeypatch):
    publish("pf_jira.sync", [7])
    give_up(rabbitmq, "pf_jira")

    def full(*_args, **_values):
        raise LookupError

    with monkeypatch.context() as patched:
        patched.setattr("tasks.ops.dead_messages.raise_alert", full)
        with pytest.raises(LookupError):
            look(redis_client)

    wait_until(lambda: given_up() == 1, every=0.05, what="it to come back")
    assert len(look(redis_client)) == 1


def test_a_tick_that_nobody_took_in_time_goes_without_a_word(rabbitmq, redis_client):
    publish("pf_jira.poll", expires=0.2)
    wait_until(lambda: given_up() == 1, every=0.05, what="the tick to expire")

    assert look(redis_client) == []
    assert given_up() == 0


def test_what_is_to_be_done_later_waits_at_rabbitmq(rabbitmq):
    """In a worker it would take the place of what can be done now."""
    app = importlib.import_module("kombu.transport.native_delayed_delivery")
    app.declare_native_delayed_delivery_exchanges_and_queues(rabbitmq, "classic")
    for queue in celeryconfig.task_queues:
        app.bind_queue_to_native_delayed_delivery_exchange(rabbitmq, queue)

    publish("pf_jira.sync", [7], delay=1)

    assert broker.queue_lengths()["pf_jira"] == 0
    wait_until(lambda: broker.queue_lengths()["pf_jira"] == 1, 5, what="it to arrive")


def test_a_rabbitmq_that_is_away_is_said_at_once(rabbitmq, settings_env):
    settings_env.setenv("IGW_BROKER_URL", "amqp://guest:guest@127.0.0.1:1//")
    get_settings.cache_clear()

    with pytest.raises(BrokerUnavailableError, match="ConnectionRefusedError"):
        broker.queue_lengths()
