"""What a poll saw against what the ledger knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from connectors.peopleforce.models import Person, Task, record_hash
from core.clock import now
from core.ledger import Known
from core.models import LinkState
from tasks.pf_jira.comparison import PUSH_MARGIN, Comparison, compare

BEGAN = now()
TASK = Task(
    id=11,
    type="Tasks::General",
    title="Order a Laptop",
    description_html="<p>Please.</p>",
    starts_on="2026-11-02",
    ends_on=None,
    completed=False,
    assigned_to=Person(1126, "Iryna Koval", "iryna.koval@acme.example"),
    associated_to=None,
    created_at="2026-11-01T08:00:00.000Z",
)
KNOWN = Known(
    link_id=1,
    source_id="11",
    state=LinkState.SYNCED,
    completed=False,
    seen_hash=record_hash(TASK.to_record()),
    missing_scans=0,
    pushed_at=None,
    has_issue=True,
)


def compared(*tasks: Task, known: Known | None = KNOWN, start: date | None = None) -> Comparison:
    return compare(tasks, {known.source_id: known} if known else {}, began=BEGAN, start=start)


def test_what_is_as_it_was_asks_nothing():
    assert compared(TASK) == Comparison()


def test_a_task_that_nobody_knows_is_new():
    [sighting] = compared(TASK, known=None).sightings

    assert (sighting.link_id, sighting.source_id) == (None, "11")
    assert sighting.seen_hash == KNOWN.seen_hash
    assert sighting.snapshot == TASK.to_record()


@pytest.mark.parametrize(
    "edit",
    [
        {"title": "Order a desk"},
        {"description_html": ""},
        {"ends_on": "2026-12-24"},
        {"starts_on": None},
        {"assigned_to": None},
        {"type": "Tasks::Applicant"},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_an_edit_that_matters_is_a_change(edit):
    [sighting] = compared(replace(TASK, **edit)).sightings

    assert sighting.link_id == KNOWN.link_id
    assert sighting.seen_hash != KNOWN.seen_hash


def test_a_moment_of_creation_that_the_vendor_leaves_out_is_no_edit():
    assert compared(replace(TASK, created_at=None)).sightings == []


@pytest.mark.parametrize(
    "known",
    [replace(KNOWN, state=LinkState.VANISHED), replace(KNOWN, missing_scans=1)],
    ids=["vanished", "missed"],
)
def test_a_task_that_is_back_is_looked_at_again(known):
    assert len(compared(TASK, known=known).sightings) == 1


def test_an_open_task_whose_link_is_completed_was_reopened():
    record = {**TASK.to_record(), "completed": True}
    known = replace(KNOWN, completed=True, seen_hash=record_hash(record))

    [sighting] = compared(TASK, known=known).sightings

    assert sighting.snapshot["completed"] is False


def test_an_open_link_without_its_task_is_missing():
    assert compared().missing == {"11": KNOWN}


@pytest.mark.parametrize(
    "known",
    [
        replace(KNOWN, completed=True),
        replace(KNOWN, state=LinkState.VANISHED),
        replace(KNOWN, pushed_at=BEGAN + timedelta(seconds=1)),
    ],
    ids=["completed", "vanished", "pushed"],
)
def test_not_every_link_without_its_task_is_missing(known):
    assert compared(known=known).missing == {}


@pytest.mark.parametrize(
    ("seconds", "believed"),
    [
        (1, False),
        (0, False),
        (1 - PUSH_MARGIN.total_seconds(), False),
        (-PUSH_MARGIN.total_seconds(), True),
        (-60, True),
    ],
)
def test_a_reading_is_believed_if_it_began_well_after_our_own_write(seconds, believed):
    known = replace(KNOWN, pushed_at=BEGAN + timedelta(seconds=seconds))

    seen = compared(replace(TASK, title="Another"), known=known).sightings

    assert bool(seen) is believed
    assert bool(compared(known=known).missing) is believed


@pytest.mark.parametrize(
    ("created_at", "starts_on", "taken"),
    [
        ("2026-10-31T23:59:59.999Z", None, False),
        ("2026-11-01T00:00:00.000Z", None, True),
        (None, "2026-10-31", False),
        (None, "2026-11-01", True),
        (None, None, True),
    ],
)
def test_tasks_from_before_the_first_day_are_left_alone(created_at, starts_on, taken):
    task = replace(TASK, created_at=created_at, starts_on=starts_on)

    assert bool(compared(task, known=None, start=date(2026, 11, 1)).sightings) is taken


def test_a_task_that_has_a_link_is_followed_however_old_it_is():
    task = replace(TASK, title="Edited")

    assert len(compared(task, start=date(2027, 1, 1)).sightings) == 1


def test_tasks_are_found_by_the_words_of_their_title_and_by_their_people():
    [sighting] = compared(TASK, known=None).sightings

    assert sighting.search_text == "order a laptop iryna koval acme example"
