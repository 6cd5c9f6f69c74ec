"""Clearing out: what is old goes, what somebody still needs stays, and the file shrinks."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.engine import make_url

from core.database import reading, writing
from core.domain_settings import set_setting
from core.models import (
    Activity,
    Alert,
    AlertSeverity,
    DeadLetter,
    DeadLetterState,
    Delivery,
    DeliveryState,
    Link,
    Person,
    Rule,
    ShadowResult,
    ShadowRun,
    ShadowVerdict,
)
from core.schedule import turn_key
from tasks.ops import retention as module
from tasks.ops.retention import retention
from tests.store.conftest import ago, arrive, row, set_values


@pytest.fixture
def clear_out(database, redis_client):
    """Run the nightly clean-up, whatever the time is."""

    def run():
        redis_client.delete(turn_key("ops.retention"))
        retention.apply(throw=True)

    return run


def finished(external_id, state=DeliveryState.DONE, **values):
    delivery_id = arrive(external_id)
    set_values(Delivery, delivery_id, state=state, due_at=None, **values)
    return delivery_id


def ids(table):
    with reading() as session:
        return list(session.scalars(select(table.id).order_by(table.id)))


def test_finished_deliveries_go_after_the_days_that_an_admin_set(clear_out):
    old = finished("old", finished_at=ago(days=31))
    young = finished("young", finished_at=ago(days=29))
    waiting = arrive("waiting")
    set_values(Delivery, waiting, received_at=ago(days=90))

    clear_out()
    assert ids(Delivery) == [young, waiting]
    assert old not in ids(Delivery)

    with writing() as session:
        set_setting(session, "ops", "keep_deliveries_days", 7, "a test")
    clear_out()
    assert ids(Delivery) == [waiting]


def test_a_delivery_that_was_given_up_stays_as_long_as_its_dead_letter(clear_out):
    dead = finished("dead", DeliveryState.DEAD, finished_at=ago(days=400))

    clear_out()

    assert ids(Delivery) == [dead]
    assert row(Delivery, dead).body


def test_old_activity_and_closed_letters_go_and_open_letters_stay(clear_out):
    common = {"domain": "pf_jira", "record": "11"}
    letter = {**common, "unit": "link", "unit_id": 1, "reason": "x", "created_at": ago(days=800)}
    with writing() as session:
        session.add(Activity(**common, action="created", summary="x", at=ago(days=366)))
        session.add(Activity(**common, action="updated", summary="x", at=ago(days=364)))
        closed = {"state": DeadLetterState.REPLAYED, "closed_at": ago(days=366)}
        session.add(DeadLetter(**letter, **closed))
        session.add(DeadLetter(**letter))

    clear_out()

    with reading() as session:
        assert list(session.scalars(select(Activity.action))) == ["updated"]
        assert list(session.scalars(select(DeadLetter.state))) == [DeadLetterState.OPEN]


def test_old_alerts_go_and_those_that_were_seen_lately_stay(clear_out):
    common = {
        "severity": AlertSeverity.ERROR,
        "title": "x",
        "text": "x",
        "first_seen": ago(days=900),
    }
    with writing() as session:
        session.add(Alert(**common, cause="old", last_seen=ago(days=366)))
        session.add(Alert(**common, cause="young", last_seen=ago(days=364)))

    clear_out()

    with reading() as session:
        assert list(session.scalars(select(Alert.cause))) == ["young"]


def test_people_who_were_not_read_for_a_month_go(clear_out):
    common = {"source": "peopleforce", "record": {"department": "IT"}}
    with writing() as session:
        session.add(Person(**common, person_id="old", read_at=ago(days=31), complete=True))
        session.add(Person(**common, person_id="young", read_at=ago(days=29)))

    clear_out()

    with reading() as session:
        assert list(session.scalars(select(Person.person_id))) == ["young"]


def test_old_shadow_mappings_go_with_what_they_found(clear_out):
    with writing() as session:
        rule = Rule(name="Laptops", version=1)
        session.add(rule)
        session.flush()
        for days in (366, 364):
            run = ShadowRun(domain="pf_jira", asked_by="schedule", asked_at=ago(days=days))
            session.add(run)
            session.flush()
            session.add(
                ShadowResult(
                    run_id=run.id,
                    rule_id=rule.id,
                    rule_version=1,
                    verdict=ShadowVerdict.FITS,
                    summary=f"{days} days ago",
                )
            )

    clear_out()

    assert len(ids(ShadowRun)) == 1
    with reading() as session:
        assert list(session.scalars(select(ShadowResult.summary))) == ["364 days ago"]


def test_links_stay_however_old_they_are(clear_out, links):
    set_values(Link, links[0], created_at=ago(days=4000), completed=True)

    clear_out()

    assert ids(Link) == links


def test_more_than_one_transaction_takes_is_removed_as_well(clear_out, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 3)
    for number in range(8):
        finished(str(number), finished_at=ago(days=31))

    clear_out()

    assert ids(Delivery) == []


def test_the_clean_up_runs_once_a_night(clear_out):
    clear_out()
    old = finished("old", finished_at=ago(days=31))

    retention.apply(throw=True)

    assert ids(Delivery) == [old]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_file_gives_its_space_back(clear_out, database):
    file = Path(make_url(database).database or "")
    with writing() as session:
        values = {
            "source": "jira",
            "topic": "x",
            "request_id": "r",
            "headers": {},
            "body": b"x" * 20_000,
            "state": DeliveryState.DONE,
            "finished_at": ago(days=31),
        }
        session.execute(
            insert(Delivery), [{**values, "external_id": str(number)} for number in range(200)]
        )

    clear_out()

    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Delivery)) == 0
    assert file.stat().st_size < 1_000_000
    assert Path(f"{file}-wal").stat().st_size < 1_000_000
