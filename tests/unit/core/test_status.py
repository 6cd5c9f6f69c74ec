"""The one sentence: what is named first when several things need a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.breaker import BreakerState, BreakerStatus
from core.clock import now
from core.rule_states import Tripped
from core.settings import VendorMode
from core.status import Status
from core.status_verdict import Level, Place, Verdict

WELL = Status(
    mode=VendorMode.SANDBOX,
    links={},
    links_waiting=0,
    links_retrying=0,
    retrying_because="",
    deliveries={},
    dead_letters=0,
    held=0,
    tripped=[],
    last_poll=None,
    poll_seconds=60,
    poll_paused=False,
)


def tripped(name: str = "A", held: int = 2, days_ago: int = 0) -> Tripped:
    return Tripped(name, now() - timedelta(days=days_ago), held, 1)


def verdict(**changes) -> Verdict:
    just_polled = {"began": now().isoformat()}
    return replace(WELL, **{"last_poll": just_polled, **changes}).verdict


def sentence(**changes) -> str:
    return verdict(**changes).sentence


def test_where_nothing_needs_a_person_everything_is_well():
    assert sentence() == "Everything is well."


def test_a_broker_that_is_away_is_named_before_what_follows_from_it():
    assert sentence(broker_answers=False, dead_letters=3) == (
        "The broker does not answer: nothing is being done, and nothing is lost."
    )


def test_a_tripped_rule_is_named_with_since_when_and_how_much_it_holds():
    rule = tripped("Laptops to IT", held=1237)

    assert sentence(tripped=[rule]) == (
        f"Running; rule 'Laptops to IT' is tripped since {rule.since:%H:%M} UTC and holds 1,237 "
        "changes."
    )


def test_a_rule_that_is_tripped_for_days_is_told_with_the_day():
    rule = tripped(held=1, days_ago=3)

    assert sentence(tripped=[rule]) == (
        f"Running; rule 'A' is tripped since {rule.since:%Y-%m-%d %H:%M} UTC and holds 1 change."
    )


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ("AB", "Running; the rules 'A', 'B' are tripped and hold 4 changes."),
        ("ABCDE", "Running; the rules 'A', 'B', 'C' and 2 more are tripped and hold 10 changes."),
    ],
)
def test_several_tripped_rules_are_counted_together(names, says):
    assert sentence(tripped=[tripped(name) for name in names]) == says


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"poll_paused": True}, "paused"),
        ({"redis_answers": False}, "Redis does not answer"),
        ({"last_poll": None}, "first poll"),
    ],
)
def test_what_keeps_everything_from_being_done_comes_before_a_tripped_rule(changes, says):
    assert says in sentence(tripped=[tripped()], **changes)


def test_a_tripped_rule_comes_before_work_that_waits_and_what_failed():
    changes = {"links_retrying": 1, "retrying_because": "x", "dead_letters": 3, "held": 2}

    assert "tripped" in sentence(tripped=[tripped()], **changes)
    assert "another attempt: x." in sentence(**changes)
    assert "3 dead letters wait for a person." in sentence(dead_letters=3, held=2)


def test_what_stayed_held_when_its_rule_came_back_is_not_forgotten():
    assert sentence(held=1) == "Running; 1 held change waits to be sent: igw replay --all."


def test_a_vendor_that_is_not_asked_comes_first():
    down = BreakerStatus("jira", BreakerState.OPEN, 9, now())

    assert sentence(breakers=[down], tripped=[tripped()]).startswith("Does not answer: jira since ")


def test_a_worker_that_stands_still_is_named():
    late = {"pf_jira": 600.0, "ops": 10.0}

    assert sentence(canaries=late).startswith("The worker pf_jira does not do its work")


def down(minutes: float) -> BreakerStatus:
    return BreakerStatus("jira", BreakerState.OPEN, 9, now() - timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("changes", "level", "place"),
    [
        ({}, Level.WELL, None),
        ({"redis_answers": False}, Level.BAD, Place.HEALTH),
        ({"breakers": lambda: [down(minutes=1)]}, Level.ATTENTION, Place.HEALTH),
        ({"breakers": lambda: [down(minutes=6)]}, Level.BAD, Place.HEALTH),
        ({"poll_paused": True}, Level.ATTENTION, Place.SETTINGS),
        ({"last_poll": {"began": "2026-01-01T00:00:00+00:00"}}, Level.BAD, Place.HEALTH),
        ({"canaries": {"pf_jira": 600.0, "ops": 1.0}}, Level.BAD, Place.HEALTH),
        ({"tripped": lambda: [tripped()]}, Level.ATTENTION, Place.RULES),
        ({"links_retrying": 1, "retrying_because": "x"}, Level.ATTENTION, Place.LINKS),
        ({"dead_letters": 1}, Level.ATTENTION, Place.DEAD_LETTERS),
        ({"held": 1}, Level.ATTENTION, Place.DEAD_LETTERS),
    ],
)
def test_the_verdict_has_a_colour_and_leads_to_the_page_that_mends_it(changes, level, place):
    # Ages are counted from when the test runs, not from when it was collected.
    found = verdict(**{name: it() if callable(it) else it for name, it in changes.items()})

    assert (found.level, found.place) == (level, place)
    assert bool(found.remedy) == (level is not Level.WELL)
