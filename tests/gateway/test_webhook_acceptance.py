"""What is authentic: written down, answered at once, and published as ids."""

from __future__ import annotations

import json
import socket
import time

import pytest
from sqlalchemy import select

from core.clock import now
from core.database import reading
from core.models import Delivery, DeliveryState
from tests.conftest import wait_until
from tests.gateway.conftest import EVENT, VECTOR_SECRET, published
from tests.store.conftest import at_once

QUICK = 1.0  # Seconds; Jira waits for 20.


@pytest.fixture
def gateway(database, serve):
    """A gateway with its broker, on either database."""
    return serve()


def deliveries() -> list[Delivery]:
    with reading() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def await_messages(client, count):
    return wait_until(
        lambda: len(messages := published(client)) >= count and messages,
        what=f"{count} messages in the broker",
    )


def test_a_delivery_is_written_down_and_answered_with_its_request_id(gateway, redis_client):
    answer = gateway.deliver(identifier="abc-1")

    assert answer.status == 202
    [row] = deliveries()
    assert answer.json == {"request_id": row.request_id}
    assert answer.headers["X-Request-Id"] == row.request_id
    assert row.body == json.dumps(EVENT).encode()
    assert (row.source, row.topic, row.external_id, row.record_id, row.state) == (
        "jira",
        "jira:issue_updated",
        "abc-1",
        "10001",
        DeliveryState.RECEIVED,
    )
    assert row.headers["X-Atlassian-Webhook-Identifier"] == "abc-1"
    assert "X-Hub-Signature" not in row.headers


def test_the_message_in_the_broker_holds_the_rows_id_and_nothing_of_the_body(gateway, redis_client):
    gateway.deliver()

    [message] = await_messages(redis_client, 1)

    [row] = deliveries()
    assert message["headers"]["task"] == "pf_jira.handle_deliveries"
    assert message["args"] == [[row.id]]
    for word in ("Zoriana", "Laptop", "HR-7", VECTOR_SECRET):
        assert word not in json.dumps(message)


def test_what_comes_in_crowds_while_issues_are_made_is_overtaken(gateway, redis_client):
    """Each issue of an import comes back as a webhook; what people do must not wait behind them."""
    gateway.deliver({**EVENT, "webhookEvent": "jira:issue_created"}, identifier="echo")
    gateway.deliver(identifier="person")

    wait_until(lambda: published(redis_client, "pf_jira.bulk"), what="the echo")
    await_messages(redis_client, 1)

    echo, person = (row.id for row in deliveries())
    assert [it["args"] for it in published(redis_client, "pf_jira.bulk")] == [[[echo]]]
    assert [it["args"] for it in published(redis_client)] == [[[person]]]


def test_the_same_delivery_again_is_answered_and_not_written_down_again(gateway, redis_client):
    first = gateway.deliver(identifier="abc-1")
    second = gateway.deliver(identifier="abc-1")
    other = gateway.deliver(identifier="abc-2")

    assert [first.status, second.status, other.status] == [202, 202, 202]
    assert [row.external_id for row in deliveries()] == ["abc-1", "abc-2"]
    ids = [row.id for row in deliveries()]
    await_messages(redis_client, 1)
    wait_until(lambda: _ids(redis_client) == ids, what="both ids in the broker, each once")


def _ids(client):
    return sorted(row_id for message in published(client) for row_id in message["args"][0])


@pytest.mark.parametrize("topic", ["comment_created", "jira:worklog_updated", "ünïcödé"])
def test_an_event_that_nobody_handles_is_accepted_and_ignored(gateway, redis_client, topic):
    answer = gateway.deliver({"webhookEvent": topic, "comment": {"id": "1"}})

    assert answer.status == 202
    [row] = deliveries()
    assert (row.state, row.topic, row.due_at) == (DeliveryState.IGNORED, topic, None)
    assert published(redis_client) == []


def test_what_is_logged_of_a_delivery_is_its_labels(gateway, caplog):
    caplog.set_level("INFO")

    gateway.deliver()

    [record] = [r for r in caplog.records if r.message == "webhook_received"]
    assert (record.source, record.topic) == ("jira", "jira:issue_updated")
    assert "Zoriana" not in caplog.text + str(record.__dict__)


@pytest.fixture
def silent_broker():
    """A port that takes connections and never answers, as a host behind a broken network does."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


@pytest.mark.parametrize("how", ["refuses", "is silent"])
def test_without_a_broker_a_delivery_is_accepted_quickly_and_left_to_the_relay(
    database, serve, silent_broker, how
):
    url = silent_broker if how == "is silent" else "redis://127.0.0.1:1/0"
    gateway = serve(broker_url=url)

    started = time.monotonic()
    answers = [gateway.deliver(identifier=str(number)) for number in range(5)]

    assert time.monotonic() - started < QUICK
    assert {answer.status for answer in answers} == {202}
    assert len(deliveries()) == 5
    assert all(row.due_at and row.due_at > now() for row in deliveries())


@pytest.mark.parametrize(
    "url",
    ["sqlite:////no/such/folder/gateway.db", "postgresql+psycopg://igw@127.0.0.1:1/igw"],
    ids=["sqlite", "postgresql"],
)
def test_without_a_database_the_sender_is_told_to_come_again(serve, url):
    gateway = serve(database_url=url)

    answer = gateway.deliver()

    assert answer.status == 503
    assert answer.json["error"] == "database_unavailable"
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    assert "gateway.db" not in answer.body.decode()


def test_many_deliveries_at_once_are_all_written_down(gateway):
    answers = at_once(lambda number: gateway.deliver(identifier=str(number // 2)).status, 30)

    assert set(answers) == {202}
    assert len(deliveries()) == 15
