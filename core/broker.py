"""The broker, Redis or RabbitMQ by its URL, and everything in which the two differ.

Urgency is a queue, not a priority: work on many records at once (an import, a catch-up) goes to the
domain's second queue, and its worker takes from both in turn. That is the same on Redis, on
RabbitMQ 3 (whose quorum queues know no priorities) and on 4 (where they know two), and neither side
can starve the other. On RabbitMQ each gateway has a virtual host of its own.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import redis
from kombu import Connection, Exchange, Queue

from core.domains import Domain, all_workers, load_domains
from core.errors import GatewayError
from core.redis_client import NAMESPACE, get_prompt_redis
from core.settings import get_settings

EXCHANGE = "igw"

DEAD = "igw.dead"
"""Where RabbitMQ puts what it gives up; `ops.dead_messages` empties it and tells people."""

DELIVERY_LIMIT = 20
"""How often RabbitMQ hands one message out; RabbitMQ 4 has the same default, 3 has none.

Each time the worker's connection ended before the message was acknowledged.
"""

DEAD_KEPT, DEAD_AT_MOST = 14 * 86_400, 10_000
"""Seconds and messages: nobody empties the queue while `ops` stands still."""

CONSUMER_TIMEOUT = 1800
"""Seconds in which a message has to be acknowledged, by RabbitMQ's default.

Source: https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout
"""

_CONNECT_SECONDS, _ANSWER_SECONDS = 1, 2


class BrokerUnavailableError(GatewayError):
    """The broker does not answer; the message names the kind of error, without the address."""


@dataclass(frozen=True)
class DeadMessage:
    """A message that RabbitMQ gave up."""

    task: str
    queue: str
    reason: str
    """RabbitMQ's word: `delivery_limit`, `rejected`, `maxlen` or `expired`."""


@dataclass(frozen=True)
class RabbitUse:
    """RabbitMQ as it says of itself."""

    version: str
    latency_ms: float
    waiting: int
    dead: int
    """Messages that it gave up and that nobody was told of yet."""


def is_rabbitmq(url: str) -> bool:
    """Say whether a broker's URL names a RabbitMQ."""
    return urlsplit(url).scheme in {"amqp", "amqps"}


def task_queues(domains: Iterable[Domain], url: str) -> list[Queue]:
    """Give the queues of some domains as the broker of this URL takes them.

    Their arguments are fixed once RabbitMQ has them: it refuses a queue that is declared otherwise.
    """
    rabbitmq = is_rabbitmq(url)
    # Celery lets RabbitMQ keep what is to be done later, for which it needs a topic exchange.
    exchange = Exchange(EXCHANGE, type="topic" if rabbitmq else "direct")
    arguments = {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": DEAD,
    }
    return [
        Queue(name, exchange, routing_key=name, queue_arguments=arguments if rabbitmq else None)
        for worker in all_workers(domains)
        for name in worker.queues
    ]


def dead_queue() -> Queue:
    """Give the queue of what RabbitMQ gives up."""
    arguments = {
        "x-queue-type": "quorum",
        "x-max-length": DEAD_AT_MOST,
        "x-message-ttl": DEAD_KEPT * 1000,
    }
    return Queue(DEAD, Exchange(DEAD, type="fanout"), queue_arguments=arguments)


def declare() -> None:
    """Make all queues on RabbitMQ; Redis needs none made.

    A worker makes those that it reads. Bound to others, which nobody has made yet, what is to be
    done later would be thrown away. Raises `BrokerUnavailableError`.
    """
    url = get_settings().resolved_broker_url
    if not is_rabbitmq(url):
        return
    with _rabbitmq(url) as connection, closing(connection.channel()) as channel:
        for queue in [dead_queue(), *task_queues(load_domains(), url)]:
            queue.bind(channel).declare()


def queue_lengths() -> dict[str, int]:
    """Count the messages that wait in each queue; raises `BrokerUnavailableError` in seconds."""
    url = get_settings().resolved_broker_url
    names = [name for worker in all_workers(load_domains()) for name in worker.queues]
    if is_rabbitmq(url):
        with _rabbitmq(url) as connection:
            return {name: _length(connection, name) for name in names}
    try:
        # Kombu's Redis transport keeps each queue in a list of its name, behind our prefix.
        return {name: _redis_at(url).llen(f"{NAMESPACE}{name}") for name in names}
    except redis.RedisError as error:
        raise BrokerUnavailableError(type(error).__name__) from error


def rabbitmq() -> RabbitUse | None:
    """Ask RabbitMQ how it is; None where the broker is Redis. Raises `BrokerUnavailableError`."""
    url = get_settings().resolved_broker_url
    if not is_rabbitmq(url):
        return None
    with _rabbitmq(url) as connection:
        began = time.perf_counter()
        dead = _length(connection, DEAD)
        latency = (time.perf_counter() - began) * 1000
        properties: Any = connection.connection.server_properties
        waiting = sum(_length(connection, q.name) for q in task_queues(load_domains(), url))
    return RabbitUse(str(properties.get("version", "")), latency, waiting, dead)


@contextmanager
def dead_messages(limit: int = 1000) -> Generator[list[DeadMessage]]:
    """Give what RabbitMQ gave up; it is removed once the block has ended without an error.

    Raises `BrokerUnavailableError`; where the broker is Redis, there is nothing.
    """
    url = get_settings().resolved_broker_url
    if not is_rabbitmq(url):
        yield []
        return
    with _rabbitmq(url) as connection, closing(connection.channel()) as channel:
        dead_queue().bind(channel).declare()
        found: list[Any] = []
        while len(found) < limit and (message := channel.basic_get(DEAD)) is not None:
            found.append(message)
        yield [_read(message.headers) for message in found]
        for message in found:
            channel.basic_ack(message.delivery_tag)


def _read(headers: dict[str, Any]) -> DeadMessage:
    """Read the newest entry of what RabbitMQ notes: https://www.rabbitmq.com/docs/dlx#effects."""
    died = (headers.get("x-death") or [{}])[0]
    return DeadMessage(
        str(headers.get("task", "?")), str(died.get("queue", "?")), str(died.get("reason", "?"))
    )


@contextmanager
def _rabbitmq(url: str) -> Generator[Connection]:
    waits = {"read_timeout": _ANSWER_SECONDS, "write_timeout": _ANSWER_SECONDS}
    with Connection(url, connect_timeout=_CONNECT_SECONDS, transport_options=waits) as connection:
        try:
            connection.connect()
            yield connection
        except connection.connection_errors as error:
            raise BrokerUnavailableError(type(error).__name__) from error


def _length(connection: Connection, queue: str) -> int:
    channel: Any = connection.channel()
    try:
        count = channel.queue_declare(queue, passive=True).message_count
    except connection.channel_errors:
        return 0  # Nobody has made it yet; RabbitMQ has closed the channel for asking.
    channel.close()
    return count


def _redis_at(url: str) -> redis.Redis:
    if url == get_settings().resolved_redis_url:
        return get_prompt_redis()
    return redis.Redis.from_url(
        url, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_CONNECT_SECONDS
    )
