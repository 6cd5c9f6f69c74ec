"""Takers of work on PostgreSQL leave alone what another transaction has locked."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import select

from core import alerts, inbox, ledger
from core.database import get_engine, writing
from core.models import Alert, AlertSeverity, Delivery, Link
from tests.store.conftest import ago, arrive, claim, set_values

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]

MINUTE = timedelta(minutes=1)


@pytest.fixture
def locked(database):
    """Lock a row of a table, as a transaction does that has not committed yet."""
    with closing(get_engine().connect()) as holder:
        yield lambda table, row_id: holder.execute(
            select(table.id).where(table.id == row_id).with_for_update()
        )


def test_a_claim_takes_the_links_that_nobody_writes(links, locked):
    locked(Link, links[1])

    assert [link.id for link in claim(links, "worker")] == [links[0], links[2]]


def test_links_that_are_due_are_taken_around_a_locked_one(links, locked):
    for link_id in links:
        set_values(Link, link_id, due_at=ago(seconds=1))
    locked(Link, links[0])

    with writing() as session:
        assert ledger.take_due(session, limit=2) == links[1:]


def test_deliveries_are_claimed_and_taken_around_a_locked_one(locked):
    ids = [arrive(str(number)) for number in range(3)]
    for delivery_id in ids:
        set_values(Delivery, delivery_id, due_at=ago(seconds=1))
    locked(Delivery, ids[0])

    with writing() as session:
        taken = inbox.take_due(session, limit=2)
    with writing() as session:
        claimed = inbox.claim(session, ids, "worker", MINUTE)

    assert list(taken.values()) == [ids[1:]]
    assert [delivery.id for delivery in claimed] == ids[1:]


def test_alerts_are_claimed_around_a_locked_one(locked):
    with writing() as session:
        ids = [
            alerts.raise_alert(
                session,
                cause=f"test:{number}",
                title="x",
                text="x",
                severity=AlertSeverity.INFO,
                wait=timedelta(0),
            )
            for number in range(3)
        ]
    locked(Alert, ids[0])

    with writing() as session:
        assert [a.id for a in alerts.claim_due(session, "worker", MINUTE, limit=2)] == ids[1:]
