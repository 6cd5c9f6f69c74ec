"""Alerts as they are stored: one row per trouble, whoever raises it and however often."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core import alerts
from core.database import reading, writing
from core.dead_letters import bury
from core.domain_settings import set_setting
from core.models import Alert, AlertState
from tests.store.conftest import at_once
from tests.tasks.world import ALERT_MOMENTS

CAUSE = "credentials:jira"
LEASE = timedelta(seconds=60)


def raise_it(cause=CAUSE, **values) -> int:
    with writing() as session:
        return alerts.raise_alert(session, cause=cause, title="Title", text="Text", **values)


def resolve(cause=CAUSE) -> None:
    with writing() as session:
        alerts.resolve(session, cause)


def rows() -> list[Alert]:
    with reading() as session:
        return list(session.scalars(select(Alert).order_by(Alert.id)))


def pass_time(**time) -> None:
    by = timedelta(**time)
    with writing() as session:
        for alert in session.scalars(select(Alert)):
            for name in ALERT_MOMENTS:
                if (moment := getattr(alert, name)) is not None:
                    setattr(alert, name, moment - by)


def claim(owner="a", limit=10) -> list[Alert]:
    with writing() as session:
        return alerts.claim_due(session, owner, LEASE, limit)


def tell(owner="a") -> list[Alert]:
    """Tell people of all that is due, as the task does."""
    due = claim(owner)
    with writing() as session:
        for alert in due:
            alerts.delivered(session, alert, "slack", "")
    return due


def test_within_the_window_a_cause_only_counts_up(database):
    first = raise_it(record="11")
    pass_time(minutes=1)
    assert [alert.id for alert in tell()] == [first]

    for minute in range(3):
        assert raise_it(record=str(12 + minute)) == first
        pass_time(minutes=10)
        assert tell() == []

    [alert] = rows()
    assert (alert.count, alert.records) == (4, ["11", "12", "13", "14"])
    assert alert.state is AlertState.DELIVERED


def test_when_the_window_is_over_what_was_seen_again_is_told_again_once(database):
    raise_it()
    pass_time(minutes=1)
    tell()
    raise_it()
    pass_time(minutes=61)

    assert [alert.told_count for alert in tell()] == [1]
    pass_time(minutes=600)
    assert tell() == []
    assert len(rows()) == 1


def test_an_alert_that_is_not_seen_for_a_whole_window_begins_anew(database):
    first = raise_it()
    pass_time(minutes=1)
    tell()
    pass_time(minutes=61)

    second = raise_it()

    assert second != first
    assert [alert.resolved_at is None for alert in rows()] == [False, True]


def test_the_window_is_the_one_that_an_admin_set(database):
    with writing() as session:
        set_setting(session, "ops", "alert_window_minutes", 1, "a test")
    raise_it()
    pass_time(seconds=10)
    tell()
    raise_it()
    pass_time(seconds=61)

    assert len(tell()) == 1


def test_other_causes_are_other_alerts(database):
    assert raise_it() != raise_it("credentials:peopleforce")


def test_a_new_alert_gathers_for_a_moment_and_is_then_due(database):
    raise_it()
    assert claim() == []
    pass_time(seconds=6)
    assert len(claim()) == 1


def test_an_end_is_told_once_it_lasts_and_never_twice(database):
    raise_it()
    pass_time(minutes=1)
    tell()

    resolve()
    resolve()
    assert tell() == []
    pass_time(minutes=6)
    [told] = tell()
    assert told.resolved_at is not None
    pass_time(minutes=600)
    assert tell() == []


def test_what_comes_and_goes_is_neither_told_to_be_over_nor_told_again(database):
    raise_it()
    pass_time(minutes=1)
    tell()
    for _ in range(5):
        resolve()
        pass_time(minutes=1)
        raise_it()
        assert tell() == []

    [alert] = rows()
    assert (alert.count, alert.resolved_at) == (6, None)


def test_a_cause_that_comes_back_after_its_end_was_told_is_told_at_once(database):
    raise_it()
    pass_time(minutes=1)
    tell()
    resolve()
    pass_time(minutes=6)
    tell()

    raise_it()
    pass_time(seconds=6)

    assert [alert.told_at for alert in tell()] == [None]


def test_what_ends_while_it_is_being_told_is_told_to_be_over(database):
    raise_it()
    pass_time(seconds=6)
    [claimed] = claim()
    resolve()
    with writing() as session:
        alerts.delivered(session, claimed, "slack", "")

    pass_time(minutes=6)

    assert len(claim()) == 1


def test_an_alert_is_claimed_by_one_until_the_lease_is_over(database):
    raise_it()
    pass_time(seconds=6)
    [first] = claim("a")
    assert claim("b") == []
    pass_time(seconds=61)
    [second] = claim("b")
    assert second.attempts == 2

    with writing() as session:
        alerts.postponed(session, first, timedelta(0), "too late")

    assert rows()[0].claimed_by == "b"
    assert rows()[0].reason == ""


def test_what_no_channel_takes_stays_to_be_seen_and_is_tried_again_if_it_goes_on(database):
    raise_it()
    pass_time(seconds=6)
    [claimed] = claim()
    with writing() as session:
        alerts.undeliverable(session, claimed, "no channel is set up")
    [alert] = rows()
    assert (alert.state, alert.reason, alert.due_at) == (
        AlertState.UNDELIVERABLE,
        "no channel is set up",
        None,
    )

    raise_it()
    pass_time(minutes=61)

    assert len(claim()) == 1


def test_in_many_threads_one_cause_is_one_row_with_all_of_its_count(database):
    at_once(lambda number: raise_it(record=str(number)), 12)

    [alert] = rows()
    assert alert.count == 12
    assert len(set(alert.records)) == alerts.MAX_RECORDS


def test_in_many_threads_a_cause_that_begins_anew_is_one_new_row(database):
    raise_it()
    pass_time(minutes=1)
    tell()
    pass_time(minutes=61)

    at_once(lambda _: raise_it(), 12)

    old, new = rows()
    assert (old.count, old.resolved_at is None) == (1, False)
    assert (new.count, new.resolved_at is None) == (12, True)


def test_in_many_threads_an_alert_is_claimed_once(database):
    raise_it()
    pass_time(seconds=6)

    claims = at_once(lambda number: claim(str(number)), 8)

    assert sum(map(len, claims)) == 1


def test_a_transaction_that_fails_raises_nothing(database):
    def fail():
        with writing() as session:
            alerts.raise_alert(session, cause=CAUSE, title="Title", text="Text")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert rows() == []


def test_open_causes_are_those_that_are_not_over(database):
    raise_it()
    raise_it("polls")
    resolve("polls")

    with reading() as session:
        assert alerts.open_causes(session, [CAUSE, "polls", "other"]) == [CAUSE]


def test_dead_letters_are_one_alert_with_their_count_and_first_records(database):
    with writing() as session:
        for number in range(25):
            bury(
                session,
                domain="pf_jira",
                unit="link",
                unit_id=number,
                record=str(100 + number),
                reason="jira refused the summary 'Onboard Ada Lovelace'",
                attempts=1,
            )

    [alert] = rows()
    assert (alert.cause, alert.count) == ("dead_letters:pf_jira", 25)
    assert alert.records == [str(100 + number) for number in range(10)]
    assert "Ada" not in alert.text, "a vendor's words may hold a name, and alerts leave the company"


def test_the_latest_come_first(database):
    raise_it()
    with writing() as session:
        session.execute(update(Alert).values(last_seen=Alert.first_seen))
    raise_it("polls")

    with reading() as session:
        assert [alert.cause for alert in alerts.latest(session)] == ["polls", CAUSE]
