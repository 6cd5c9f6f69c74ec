"""What was done in each quarter of an hour, as the charts of the overview show it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from core import activity, inbox, measurements
from core.clock import now
from core.database import get_engine, reading, writing
from core.measurements import BUCKET, GIVEN_UP, TO_JIRA, WAIT, WEBHOOKS, bucket, series
from core.models import Activity, Delivery, DeliveryState, Link, Measurement
from tests.store.conftest import ago, arrive, see, set_values, sighting


def did(action: str, times: int = 1, at: datetime | None = None) -> None:
    with writing() as session:
        for number in range(times):
            activity.note(session, "pf_jira", str(number), action, "It was done.")
        session.flush()
        if at is not None:
            newest = session.scalars(
                select(Activity.id).order_by(Activity.id.desc()).limit(times)
            ).all()
            session.execute(update(Activity).where(Activity.id.in_(newest)).values(at=at))


def measure() -> None:
    with writing() as session:
        measurements.measure(session)


def day(names, **options) -> list[int | None]:
    with reading() as session:
        rows = measurements.last_day(session)
    return [point.value for point in series(rows, names, now(), **options)]


def test_a_quarter_begins_at_the_full_quarter_of_the_hour():
    assert bucket(datetime(2026, 11, 21, 14, 59, 59, tzinfo=UTC)) == datetime(
        2026, 11, 21, 14, 45, tzinfo=UTC
    )
    assert bucket(datetime(2026, 11, 21, 14, 45, tzinfo=UTC)).minute == 45


def test_the_day_is_counted_at_the_first_run_and_what_is_older_is_not(database):
    did("created", 3, ago(hours=2))
    did("updated", 2, ago(hours=2))
    did("created", 50, ago(hours=30))

    measure()

    values = day(TO_JIRA)
    assert len(values) == 96
    assert sum(value or 0 for value in values) == 5


def test_counting_again_changes_nothing_and_counts_what_came_since(database):
    did("created", 3)
    measure()
    measure()
    assert sum(value or 0 for value in day(TO_JIRA)) == 3

    did("issue_completed", 1)
    measure()

    assert sum(value or 0 for value in day(TO_JIRA)) == 4


def test_what_was_done_while_nobody_counted_is_counted_afterwards(database):
    measure()
    with writing() as session:
        session.execute(update(Measurement).values(at=bucket(ago(hours=5))))
    did("updated", 7, ago(hours=3))

    measure()

    assert sum(value or 0 for value in day(TO_JIRA)) == 7


def test_a_row_whose_transaction_was_slow_is_counted_in_the_quarter_before(database):
    measure()
    did("created", 1, bucket(now()) - timedelta(seconds=1))

    measure()

    assert day(TO_JIRA)[-2:] == [1, 0]


def test_webhooks_are_counted_when_they_are_finished(database):
    ids = [arrive(f"delivery-{number}") for number in range(3)]
    arrive("ignored", task=None)
    with writing() as session:
        first = session.get_one(Delivery, ids[0])
        inbox.finish(session, first, DeliveryState.DONE)
        second = session.get_one(Delivery, ids[1])
        inbox.finish(session, second, DeliveryState.DEAD, "no")

    measure()

    assert day(WEBHOOKS)[-1] == 3
    assert day(GIVEN_UP)[-1] == 1


def test_the_longest_wait_of_a_quarter_stays_when_the_work_was_done(database):
    [link_id] = see(sighting("1"))
    set_values(Link, link_id, waiting_since=ago(seconds=90))
    measure()
    set_values(Link, link_id, due_at=None)
    measure()

    wait = day([WAIT], highest=True)[-1]

    assert wait is not None
    assert 90 <= wait < 100


def test_a_quarter_in_which_nobody_measured_is_not_taken_for_a_quiet_one(database):
    measure()

    values = day(TO_JIRA)

    assert values == [None] * 95 + [0]


@pytest.mark.usefixtures("database")
def test_measurements_are_kept_for_a_week():
    measure()
    old = bucket(now()) - measurements.KEEP
    with writing() as session:
        for at in (old - BUCKET, old):
            session.add(Measurement(at=at, domain="ops", name=WAIT, value=1))

    measure()

    with reading() as session:
        assert session.scalar(select(func.min(Measurement.at))) == old


def test_counting_reads_the_rows_of_its_quarters_by_an_index_alone(database):
    if get_engine().dialect.name != "sqlite":
        pytest.skip("the plan of an empty table says nothing on PostgreSQL")
    for table, column in (("activity", "at"), ("deliveries", "finished_at")):
        with get_engine().connect() as connection:
            plan = connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN SELECT count(*) FROM {table}"  # noqa: S608 - our own words
                f" WHERE {column} >= 1 AND {column} < 2"
            ).fetchall()
        assert "USING COVERING INDEX" in str(plan)


def test_a_link_that_never_waited_does_not_disturb_the_wait(database):
    [link_id] = see(sighting("1"))
    set_values(Link, link_id, due_at=None, waiting_since=None)

    measure()

    assert day([WAIT], highest=True)[-1] == 0
