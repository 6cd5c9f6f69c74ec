"""When people are told, and when they are left in peace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.alert_decisions import (
    STAYS_OVER,
    Telling,
    after_telling,
    due_after_again,
    due_after_end,
    goes_on,
    telling_of,
)
from core.models import Alert

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
WINDOW = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def alert(**values) -> Alert:
    return Alert(**({"last_seen": NOON, "first_seen": NOON, "count": 1, "told_count": 0} | values))


def told(**values) -> Alert:
    return alert(**({"told_at": NOON, "tried_at": NOON, "told_count": 1} | values))


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (alert(), Telling.BEGAN),
        (alert(resolved_at=NOON), Telling.BEGAN),
        (told(), Telling.GOES_ON),
        (told(resolved_at=NOON), Telling.IS_OVER),
    ],
)
def test_a_message_says_whether_it_began_goes_on_or_is_over(known, expected):
    assert telling_of(known) is expected


@pytest.mark.parametrize(
    ("known", "minutes", "expected"),
    [
        (told(), 59, True),
        (told(), 60, False),
        (alert(due_at=NOON), 600, True),  # Nobody heard of it yet.
        (told(resolved_at=NOON, due_at=NOON), 6, True),  # Its end is not told yet.
        (told(resolved_at=NOON), 6, False),  # Its end was told.
        (alert(resolved_at=NOON), 6, True),  # Nobody ever heard of it.
    ],
)
def test_a_cause_raised_again_is_the_same_alert_or_a_new_one(known, minutes, expected):
    assert goes_on(known, WINDOW, NOON + minutes * MINUTE) is expected


def test_what_people_know_is_told_again_when_the_window_is_over():
    assert due_after_again(told(), WINDOW, NOON + MINUTE) == NOON + WINDOW


def test_what_waits_to_be_told_keeps_its_time():
    assert due_after_again(alert(due_at=NOON), WINDOW, NOON + MINUTE) == NOON


def test_an_end_that_was_not_told_yet_is_taken_back_when_it_begins_again():
    ending = told(resolved_at=NOON, due_at=NOON + STAYS_OVER)

    assert due_after_again(ending, WINDOW, NOON + MINUTE) == NOON + WINDOW


def test_an_end_is_told_once_it_lasts_and_only_to_those_who_heard_of_the_beginning():
    assert due_after_end(told(), NOON) == NOON + STAYS_OVER
    assert due_after_end(alert(), NOON) is None
    assert due_after_end(alert(due_at=NOON), NOON + MINUTE) == NOON


LATER = NOON + MINUTE


@pytest.mark.parametrize(
    ("message", "present", "expected"),
    [
        (alert(), alert(), (LATER, None)),
        (alert(), alert(count=2), (LATER, LATER + WINDOW)),
        (alert(), alert(resolved_at=LATER), (LATER, LATER + STAYS_OVER)),
        (told(resolved_at=NOON), told(resolved_at=NOON), (LATER, None)),
        (told(resolved_at=NOON), told(), (None, LATER)),  # Said to be over, and began anew.
    ],
)
def test_what_happened_while_a_message_was_on_its_way_is_not_lost(message, present, expected):
    assert after_telling(message, present, WINDOW, LATER) == expected
