"""The inbox: a delivery is written down once, and worked on until somebody finishes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core import inbox
from core.clock import now
from core.database import reading, writing
from core.models import Delivery, DeliveryState
from tests.store.conftest import ago, arrival, arrive, at_once, row, set_values

LEASE = timedelta(seconds=60)


def count():
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Delivery))


def claim(ids, owner, lease=LEASE):
    return [delivery.id for delivery in claim_rows(ids, owner, lease)]


def claim_rows(ids, owner, lease=LEASE):
    with writing() as session:
        return inbox.claim(session, ids, owner, lease)


def take_due():
    with writing() as session:
        return inbox.take_due(session)


def test_a_delivery_is_kept_to_the_byte_and_is_due_soon(database):
    body = bytes(range(256))

    delivery = row(Delivery, arrive(body=body, request_id="r-7"))

    assert delivery.body == body
    assert delivery.request_id == "r-7"
    assert delivery.state is DeliveryState.RECEIVED
    assert now() < delivery.due_at <= now() + inbox.REPUBLISH


def test_the_same_delivery_fifty_times_at_once_is_one_row(database):
    ids = at_once(lambda _: arrive("once"), 50)

    assert len([delivery_id for delivery_id in ids if delivery_id is not None]) == 1
    assert count() == 1


def test_of_what_comes_twice_in_one_batch_the_first_is_the_delivery(database):
    names = ["a", "b", "a", "c", "b"]
    arrive("c")
    with writing() as session:
        ids = inbox.record_all(session, [arrival(name, body=name.encode()) for name in names])

    assert [delivery_id is not None for delivery_id in ids] == [True, True, False, False, False]
    assert [row(Delivery, delivery_id).body for delivery_id in ids[:2]] == [b"a", b"b"]
    assert count() == 3


def test_of_a_batch_that_is_known_nothing_is_written(database):
    arrive("a")
    arrive("b")
    with writing() as session:
        assert inbox.record_all(session, [arrival("b"), arrival("a")]) == [None, None]

    assert count() == 2


def test_the_same_identifier_from_two_sources_is_two_deliveries(database):
    assert arrive("1", source="jira") is not None
    assert arrive("1", source="slack") is not None


def test_without_an_identifier_the_same_body_is_the_same_delivery(database):
    assert arrive(None, body=b"one") is not None
    assert arrive(None, body=b"one") is None
    assert arrive(None, body=b"two") is not None
    assert arrive(None, body=b"one", source="slack") is not None


def test_a_topic_that_nobody_handles_is_written_down_as_ignored(database):
    delivery = row(Delivery, arrive(task=None, topic="comment_created"))

    assert delivery.state is DeliveryState.IGNORED
    assert delivery.reason == "nobody handles the topic comment_created"
    assert delivery.due_at is None
    assert delivery.finished_at is not None


@pytest.mark.parametrize(
    "name",
    [
        "X-Hub-Signature",
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
        "X-Gitlab-Token",
        "X-Api-Key",
        "x-telegram-bot-api-secret-token",
    ],
)
def test_a_header_that_proves_who_somebody_is_is_not_kept(database, name):
    headers = {name: "let me in", "X-Atlassian-Webhook-Identifier": "1", "User-Agent": "Jira"}

    kept = row(Delivery, arrive(headers=headers)).headers

    assert kept == {"X-Atlassian-Webhook-Identifier": "1", "User-Agent": "Jira"}


def test_a_delivery_is_worked_on_by_one_at_a_time(database):
    ids = [arrive("1"), arrive("2")]

    results = at_once(lambda number: claim(ids, f"worker-{number}"), 4)

    assert sorted(delivery_id for result in results for delivery_id in result) == ids
    assert [row(Delivery, delivery_id).attempts for delivery_id in ids] == [1, 1]


def test_the_same_message_delivered_again_takes_its_claim_over(database):
    ids = [arrive("1")]
    assert claim(ids, "first") == ids

    assert claim(ids, "second") == []
    assert claim(ids, "first") == ids


def test_a_claim_whose_lease_ran_out_is_published_and_taken_over(database):
    ids = [arrive("1")]
    claim(ids, "dead worker", lease=timedelta(seconds=-1))

    assert take_due() == {"pf_jira.handle_deliveries": ids}
    assert claim(ids, "next") == ids


@pytest.mark.parametrize("state", [DeliveryState.DONE, DeliveryState.IGNORED, DeliveryState.DEAD])
def test_what_is_finished_is_neither_claimed_nor_published(database, state):
    delivery_id = arrive("1")
    [held] = claim_rows([delivery_id], "worker")
    with writing() as session:
        assert inbox.finish(session, held, state, "that is why")

    assert claim([delivery_id], "another") == []
    assert take_due() == {}
    delivery = row(Delivery, delivery_id)
    assert (delivery.state, delivery.reason, delivery.claimed_by) == (state, "that is why", None)
    assert delivery.finished_at is not None


def test_what_is_postponed_is_published_when_its_wait_is_over(database):
    delivery_id = arrive("1")
    [held] = claim_rows([delivery_id], "worker")
    with writing() as session:
        assert inbox.postpone(session, held, timedelta(seconds=20), "Jira is down")

    delivery = row(Delivery, delivery_id)
    assert (delivery.state, delivery.reason) == (DeliveryState.RETRYING, "Jira is down")
    assert take_due() == {}
    set_values(Delivery, delivery_id, due_at=ago(seconds=1))
    assert take_due() == {"pf_jira.handle_deliveries": [delivery_id]}
    assert claim([delivery_id], "another") == [delivery_id]


GIVE_BACK = {
    "finish": lambda session, held: inbox.finish(session, held, DeliveryState.DEAD, "too late"),
    "postpone": lambda session, held: inbox.postpone(session, held, LEASE, "too late"),
}


@pytest.mark.parametrize("give_back", GIVE_BACK.values(), ids=GIVE_BACK)
def test_whoever_lost_the_lease_writes_nothing_while_another_works(database, give_back):
    delivery_id = arrive("1")
    [lost] = claim_rows([delivery_id], "slow", lease=timedelta(seconds=-1))
    claim([delivery_id], "next")
    before = values_of(row(Delivery, delivery_id))

    with writing() as session:
        assert not give_back(session, lost)

    assert values_of(row(Delivery, delivery_id)) == before


@pytest.mark.parametrize("give_back", GIVE_BACK.values(), ids=GIVE_BACK)
def test_whoever_lost_the_lease_does_not_undo_what_another_has_finished(database, give_back):
    delivery_id = arrive("1")
    [lost] = claim_rows([delivery_id], "slow", lease=timedelta(seconds=-1))
    [held] = claim_rows([delivery_id], "next")
    with writing() as session:
        assert inbox.finish(session, held, DeliveryState.DONE, "completed the task")
        assert not give_back(session, lost)

    assert row(Delivery, delivery_id).state is DeliveryState.DONE
    assert take_due() == {}


def values_of(delivery):
    return [getattr(delivery, column.key) for column in Delivery.__table__.columns]


def test_what_is_due_is_given_once_per_turn_sorted_by_task(database):
    ids = [arrive(str(number), task=task) for number, task in enumerate(("a.x", "b.y", "a.x"))]
    for delivery_id in ids:
        set_values(Delivery, delivery_id, due_at=ago(seconds=1))

    assert take_due() == {"a.x": [ids[0], ids[2]], "b.y": [ids[1]]}
    assert take_due() == {}


def test_two_takers_at_once_do_not_get_the_same_deliveries(database):
    ids = [arrive(str(number)) for number in range(5)]
    for delivery_id in ids:
        set_values(Delivery, delivery_id, due_at=ago(seconds=1))

    taken = at_once(lambda _: take_due().get("pf_jira.handle_deliveries", []), 4)

    assert sorted(delivery_id for some in taken for delivery_id in some) == ids


def test_a_delivery_that_is_being_worked_on_is_not_published_again(database):
    delivery_id = arrive("1")
    set_values(Delivery, delivery_id, due_at=ago(seconds=1))
    claim([delivery_id], "worker")

    assert take_due() == {}
