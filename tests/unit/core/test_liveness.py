"""What the canaries' ages and the beats' names say. Pure decisions."""

from datetime import UTC, datetime, timedelta

import pytest

from core.breaker import BreakerState, BreakerStatus
from core.liveness import LATE_SECONDS, beats_at_once, troubles, two_beats, vendors_down

HOUR = 3600.0
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATE = LATE_SECONDS + 1


def causes(ages, up_for=HOUR):
    return [trouble.cause for trouble in troubles(ages, up_for)]


def test_canaries_that_come_back_are_no_trouble():
    assert causes({"pf_jira": 12.0, "ops": 61.0}) == []


def test_one_late_canary_is_its_workers_trouble():
    [trouble] = troubles({"pf_jira": 600.0, "ops": 12.0}, HOUR)

    assert trouble.cause == "canaries:pf_jira"
    assert "10 minutes" in trouble.text
    assert "worker-pf_jira" in trouble.text


def test_when_all_are_late_it_is_beat():
    assert causes({"pf_jira": LATE, "ops": LATE}) == ["canaries:all"]


@pytest.mark.parametrize(("up_for", "found"), [(10.0, []), (LATE, ["canaries:all"])])
def test_a_canary_that_never_came_has_the_time_since_the_start(up_for, found):
    assert causes({"pf_jira": None, "ops": None}, up_for) == found


def test_a_beat_that_was_started_anew_is_one_beat():
    times = {"gen1@host": (0.0, 900.0), "gen2@host": (960.0, 1000.0)}
    assert beats_at_once(times, 1000.0) == ["gen2@host"]


def test_beats_that_send_in_turn_are_two():
    times = {"gen1@host": (0.0, 990.0), "gen2@host": (900.0, 960.0)}
    assert beats_at_once(times, 1000.0) == ["gen1@host", "gen2@host"]


def test_a_second_beat_that_ended_is_forgotten():
    times = {"gen1@host": (0.0, 1300.0), "gen2@host": (900.0, 1000.0)}
    assert beats_at_once(times, 1300.0) == ["gen1@host"]


def test_two_beats_are_told_by_name_and_one_is_not():
    assert two_beats(["gen1@host"]) is None
    told = two_beats(["gen1@host", "gen2@host"])
    assert told is not None
    assert "gen1@host, gen2@host" in told.text


@pytest.mark.parametrize(("minutes", "told"), [(4, []), (6, ["vendor_down:jira"])])
def test_a_vendor_that_is_down_for_minutes_is_told(minutes, told):
    began = NOON - timedelta(minutes=minutes)
    down = BreakerStatus("jira", BreakerState.OPEN, 9, began)

    assert [it.cause for it in vendors_down([down], NOON)] == told
