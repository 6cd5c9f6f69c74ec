"""Lanes: which records wait, since when, why, and what it costs to ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, text

from core import inbox
from core.clock import now
from core.database import get_engine, reading, writing
from core.lanes import blocked, oldest
from core.models import Delivery, DeliveryState, Link, LinkState
from tests.store.conftest import SOURCE, ago, arrive, claim, set_values


def lanes(limit: int = 50):
    with reading() as session:
        return blocked(session, limit)


def waiting(link_id: int, minutes: float, **values) -> None:
    values = {"due_at": now() + timedelta(minutes=1), **values}
    set_values(Link, link_id, waiting_since=ago(minutes=minutes), **values)


def test_the_lane_that_has_waited_longest_comes_first(links):
    for link_id, minutes in zip(links, (10, 30, 20), strict=True):
        waiting(link_id, minutes, attempts=3, reason="jira did not edit issue (status 503)")

    assert [lane.record for lane in lanes()] == ["12", "13", "11"]
    assert [lane.record for lane in lanes(limit=2)] == ["12", "13"]
    [first, *_] = lanes()
    assert (first.domain, first.unit, first.unit_id) == ("pf_jira", "link", links[1])
    assert (first.attempts, first.why) == (3, "jira did not edit issue (status 503)")
    assert timedelta(minutes=29) < now() - first.since < timedelta(minutes=31)
    assert first.next_attempt > now()


def test_work_on_one_record_is_one_lane_with_its_oldest_piece_at_the_head(links):
    waiting(links[0], 5, issue_id="10001")
    for number in range(3):
        delivery_id = arrive(f"d-{number}", record_id="10001")
        set_values(Delivery, delivery_id, received_at=ago(minutes=20 - number), reason="no answer")

    [head] = [lane for lane in lanes() if lane.record == "11"]

    assert (head.unit, head.why, head.behind) == ("delivery", "no answer", 3)


def test_a_delivery_about_no_record_of_ours_is_a_lane_under_its_own_name(database):
    arrive("d-1", record_id="777")
    unnamed = arrive("d-2", record_id=None)

    assert [lane.record for lane in lanes()] == ["jira 777", f"delivery {unnamed}"]


def test_what_does_not_wait_is_no_lane(links):
    for link_id in links:
        set_values(Link, link_id, due_at=None)
    delivery_id = arrive("d-1")
    with writing() as session:
        inbox.finish(session, session.get_one(Delivery, delivery_id), DeliveryState.DONE)

    assert lanes() == []
    with reading() as session:
        assert oldest(session) == {"ops": None, "pf_jira": None}


def test_a_lane_says_who_works_on_it_and_until_when(links):
    claim(links[:1], "task-1", 60)
    claim(links[1:2], "dead", -1)

    by_record = {lane.record: lane for lane in lanes()}

    assert by_record["11"].claimed_by == "task-1"
    assert by_record["11"].claimed_until > now()
    assert by_record["11"].why == "being worked on for the first time"
    assert (by_record["12"].claimed_by, by_record["12"].claimed_until) == (None, None)
    assert by_record["12"].why == "no worker has taken it yet"


def test_work_that_is_tried_again_is_not_told_as_if_it_had_just_failed(links):
    waiting(links[0], 1, state=LinkState.DEAD, attempts=0, reason="Summary is required.")

    assert lanes()[0].why == "to be tried again; last time: Summary is required."


@pytest.mark.parametrize(("link_minutes", "delivery_minutes"), [(90, 10), (10, 90)])
def test_the_oldest_work_of_a_domain_is_a_change_or_a_webhook(
    links, link_minutes, delivery_minutes
):
    waiting(links[0], link_minutes)
    set_values(Delivery, arrive("d-1"), received_at=ago(minutes=delivery_minutes))

    with reading() as session:
        moment = oldest(session)["pf_jira"]

    assert moment is not None
    assert round((now() - moment) / timedelta(minutes=1)) == 90


def test_asking_reads_by_an_index_however_many_links_there_are(database):
    """Neither all links nor all deliveries are looked at, nor sorted."""
    rows = [
        {"source": SOURCE, "source_id": str(n), "snapshot": {}, "seen_hash": "a" * 64}
        | {"state": LinkState.SYNCED, "issue_id": str(n), "completed": n % 2 == 0}
        | {"due_at": now() if n < 60 else None, "waiting_since": ago(minutes=n) if n < 60 else None}
        for n in range(20_000)
    ]
    with writing() as session:
        session.execute(insert(Link), rows)
    usual = {"source": "jira", "topic": "t", "request_id": "r", "headers": {}, "body": b""}
    usual |= {"task": "pf_jira.handle_deliveries", "state": DeliveryState.RETRYING}
    deliveries = [
        {**usual, "external_id": str(n), "record_id": str(n % 100)}
        | {"due_at": now() if n % 10 == 0 else None, "received_at": ago(minutes=n)}
        for n in range(5_000)
    ]
    with writing() as session:
        session.execute(insert(Delivery), deliveries)
    engine = get_engine()
    if engine.dialect.name == "postgresql":  # Which does this by itself; nobody does for SQLite.
        with engine.connect() as connection:
            connection.execute(text("ANALYZE"))
            connection.commit()
    statements: list[tuple[str, Any]] = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    with reading() as session:
        assert len(blocked(session, 50)) == 50
        oldest(session)
    event.remove(engine, "before_cursor_execute", note)

    asked = [pair for pair in statements if pair[0].startswith("SELECT")]
    assert len(asked) >= 5
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    with engine.connect() as connection:
        for statement, parameters in asked:
            plan = connection.exec_driver_sql(explain + statement, parameters).all()
            told = "\n".join(str(line[-1]) for line in plan)
            assert "Seq Scan on links" not in told, (statement, told)
            for line in told.splitlines():
                assert not line.startswith("SCAN links") or "USING" in line, (statement, told)
                assert "TEMP B-TREE FOR ORDER BY" not in line, (statement, told)
