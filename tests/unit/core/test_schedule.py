"""Rhythms, turns and beat's view of them."""

from __future__ import annotations

import pickle
import threading
from datetime import UTC, datetime, timedelta

import pytest

from core.clock import now
from core.database import writing
from core.domain_settings import set_setting
from core.redis_client import get_redis
from core.schedule import (
    EPOCH,
    RECHECK_SECONDS,
    Rhythm,
    TurnSchedule,
    claim_turn,
    last_turn,
    turn_key,
)
from core.settings import get_settings

POLL, SWEEP = "pf_jira.poll", "pf_jira.sweep"
LONG_AGO = EPOCH


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-29T{text}").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "due"), [(at("11:59:30"), at("12:00:30")), (LONG_AGO, LONG_AGO + timedelta(minutes=1))]
)
def test_an_interval_is_due_when_it_has_passed_since_the_last_turn(last, due):
    assert Rhythm(seconds=60).due_at(last, at("12:00")) == due


def test_two_turns_of_an_interval_lie_an_interval_apart_but_for_a_second():
    assert Rhythm(seconds=60).shortest_gap(at("12:00")) == timedelta(seconds=59)
    assert Rhythm(seconds=0.5).shortest_gap(at("12:00")) == timedelta(0)


@pytest.mark.parametrize(
    ("last", "moment", "due"),
    [
        (at("01:00"), at("02:29"), at("02:30")),
        (at("01:00"), at("02:30"), at("02:30")),
        (at("01:00"), at("09:00"), at("02:30")),
        (at("02:30"), at("02:31"), at("02:30") + timedelta(days=1)),
        (LONG_AGO, at("02:29"), at("02:30") - timedelta(days=1)),
    ],
)
def test_a_daily_turn_is_due_once_per_slot_also_when_the_slot_was_missed(last, moment, due):
    assert Rhythm(at="02:30").due_at(last, moment) == due


def test_a_daily_turn_that_was_taken_in_this_slot_is_taken():
    rhythm = Rhythm(at="02:30")

    # A turn is free when the last one lies further back than the gap.
    assert rhythm.shortest_gap(at("03:00")) == timedelta(minutes=30)
    assert rhythm.shortest_gap(at("02:30")) == timedelta(0)
    assert rhythm.shortest_gap(at("02:29")) == timedelta(hours=23, minutes=59)


def test_a_slot_is_a_time_in_utc_whatever_the_zone_of_the_moment():
    kyiv = datetime.fromisoformat("2026-03-29T05:31:00+03:00")

    assert Rhythm(at="02:30").due_at(LONG_AGO, kyiv) == at("02:30")


@pytest.fixture
def admin(database):
    """Set a setting of a domain, as an admin does."""

    def change(key, value, domain="pf_jira"):
        with writing() as session:
            set_setting(session, domain, key, value, "a test")

    return change


@pytest.fixture
def took_turn(redis_client):
    """Say that the last turn of an entry began some seconds ago."""

    def note(entry, seconds_ago):
        moment = now() - timedelta(seconds=seconds_ago)
        redis_client.set(turn_key(entry), int(moment.timestamp() * 1000))

    return note


def is_due(name, domain="pf_jira", last_run_at=EPOCH):
    return TurnSchedule(domain, name).is_due(last_run_at)


def test_of_many_claims_at_once_one_gets_the_turn(database, redis_client):
    ready, results = threading.Barrier(8), []

    def claim():
        ready.wait()
        results.append(claim_turn(POLL))

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == [False] * 7 + [True]


def test_the_next_turn_comes_after_the_interval(database, took_turn):
    took_turn(POLL, 58)
    assert not claim_turn(POLL)

    took_turn(POLL, 60)
    assert claim_turn(POLL)
    assert now() - (last_turn(POLL) or EPOCH) < timedelta(seconds=5)


def test_the_turns_of_two_entries_are_two_things(database, redis_client):
    assert claim_turn(POLL)
    assert claim_turn("ops.relay")


def test_no_turn_is_given_while_paused(admin, redis_client):
    admin("poll_paused", True)
    assert not claim_turn(POLL)

    admin("poll_paused", False)
    assert claim_turn(POLL)


def test_a_daily_turn_is_given_once_a_day(admin, redis_client):
    minutes_ago = now() - timedelta(minutes=5)
    admin("nightly_at", minutes_ago.strftime("%H:%M"))

    assert claim_turn(SWEEP)
    assert not claim_turn(SWEEP)


def test_beat_sends_at_once_when_there_never_was_a_turn(database, redis_client):
    assert is_due("poll").is_due


def test_beat_waits_until_the_interval_is_over(database, took_turn):
    took_turn(POLL, 57)

    state = is_due("poll")

    assert not state.is_due
    assert 1 < state.next <= 3


def test_beat_asks_again_soon_enough_to_notice_an_admins_change(admin, took_turn):
    admin("poll_interval_seconds", 3600)
    took_turn(POLL, 600)
    state = is_due("poll")
    assert (state.is_due, state.next) == (False, RECHECK_SECONDS)

    admin("poll_interval_seconds", 300)
    assert is_due("poll").is_due


def test_a_pause_stops_beat_and_its_end_starts_it_without_a_restart(admin, redis_client):
    admin("poll_paused", True)
    state = is_due("poll")
    assert (state.is_due, state.next) == (False, RECHECK_SECONDS)

    admin("poll_paused", False)
    assert is_due("poll").is_due


def test_while_no_worker_takes_the_turn_beat_sends_once_per_interval(database, took_turn):
    took_turn(POLL, 600)

    assert not is_due("poll", last_run_at=now() - timedelta(seconds=5)).is_due
    assert is_due("poll", last_run_at=now() - timedelta(seconds=61)).is_due


def test_a_night_whose_message_expired_in_the_queue_is_sent_again_the_same_night(
    database, took_turn
):
    took_turn(SWEEP, 30 * 3600)

    assert not is_due("sweep", last_run_at=now() - timedelta(seconds=55)).is_due
    assert is_due("sweep", last_run_at=now() - timedelta(seconds=61)).is_due


def test_a_new_installation_waits_for_its_first_night(database, redis_client):
    assert not is_due("sweep").is_due
    assert last_turn(SWEEP) is not None


def test_a_night_that_was_missed_is_made_up_for(database, took_turn):
    took_turn(SWEEP, 30 * 3600)

    assert is_due("sweep").is_due


@pytest.fixture
def set_env(settings_env):
    """Change a setting after others were read."""

    def change(name, value):
        settings_env.setenv(name, value)
        get_settings.cache_clear()
        get_redis.cache_clear()

    return change


def test_beat_lives_on_while_redis_is_down(database, set_env):
    set_env("IGW_REDIS_URL", "redis://127.0.0.1:1/0")

    state = is_due("poll")

    assert (state.is_due, state.next) == (False, RECHECK_SECONDS)


def test_beat_lives_on_while_the_database_is_down(redis_client, set_env, tmp_path):
    set_env("IGW_DATABASE_URL", f"sqlite:///{tmp_path}/no/such/folder/gateway.db")

    state = is_due("poll")

    assert (state.is_due, state.next) == (False, RECHECK_SECONDS)


def test_beat_can_copy_and_compare_its_entries():
    entry = TurnSchedule("pf_jira", "poll")

    assert pickle.loads(pickle.dumps(entry)) == entry  # noqa: S301 - our own
    assert entry != TurnSchedule("pf_jira", "sweep")
    assert len({entry, TurnSchedule("pf_jira", "poll")}) == 1


def test_a_turn_that_was_taken_before_the_clock_was_set_back_holds_up_nobody(database, took_turn):
    took_turn(POLL, -3600)

    assert is_due("poll").is_due
    assert claim_turn(POLL)
    assert not claim_turn(POLL)
