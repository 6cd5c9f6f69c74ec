"""What is kept of people: how long it is believed, and what replaces what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core import people
from core.database import reading, writing
from core.models import Person
from tests.store.conftest import ago, at_once

SOURCE = "peopleforce"
DAY = timedelta(hours=24)
SLIM = {"department": "IT"}
WHOLE = {"department": "IT", "custom_fields": {"cost_centre": "CC-7"}}


@pytest.fixture(autouse=True)
def migrated(database):
    """Every test here has an empty database."""


def save(*, complete=False, source=SOURCE, **records: Any) -> None:
    with writing() as session:
        people.save(session, source, records, max_age=DAY, complete=complete)


def known(*ids, complete=False, source=SOURCE) -> dict[str, Any]:
    with reading() as session:
        return people.known(session, source, ids, max_age=DAY, complete=complete)


def age(**time: float) -> None:
    """Let some time pass since everybody was read."""
    with writing() as session:
        session.execute(update(Person).values(read_at=ago(**time)))


def test_nobody_is_known_before_they_were_read():
    assert known("1201", "1202") == {}
    assert known() == {}


def test_who_was_read_is_known_for_a_day():
    save(p1=SLIM, p2={"department": None})

    assert known("p1", "p2", "p3") == {"p1": SLIM, "p2": {"department": None}}
    age(hours=23, minutes=59)
    assert known("p1") == {"p1": SLIM}
    age(hours=24, minutes=1)
    assert known("p1") == {}


def test_who_is_not_shown_is_known_not_to_be():
    save(p1={})

    assert known("p1") == {"p1": {}}
    assert known("p1", complete=True) == {}
    save(p1={}, complete=True)
    assert known("p1", complete=True) == {"p1": {}}


def test_who_is_known_from_a_list_is_not_known_completely_and_the_other_way_round_is():
    save(p1=SLIM)
    save(p2=WHOLE, complete=True)

    assert known("p1", "p2", complete=True) == {"p2": WHOLE}
    assert known("p1", "p2") == {"p1": SLIM, "p2": WHOLE}


def test_the_same_id_of_another_source_is_another_person():
    save(p1=SLIM)
    save(p1=WHOLE, source="another")

    assert known("p1") == {"p1": SLIM}
    assert known("p1", source="another") == {"p1": WHOLE}


def test_a_person_who_is_read_again_is_young_again_and_as_they_are_now():
    save(p1=SLIM)
    age(hours=30)
    save(p1={"department": "Legal"})

    assert known("p1") == {"p1": {"department": "Legal"}}
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1


def test_a_young_complete_record_is_not_replaced_by_one_from_a_list():
    save(p1=WHOLE, complete=True)

    save(p1={"department": "Legal"}, p2=SLIM)

    assert known("p1", complete=True) == {"p1": WHOLE}
    assert known("p2") == {"p2": SLIM}, "the others are saved all the same"
    save(p1={}, complete=True)
    assert known("p1") == {"p1": {}}


def test_an_old_complete_record_gives_way_to_one_from_a_list():
    save(p1=WHOLE, complete=True)
    age(hours=25)

    save(p1=SLIM)

    assert known("p1") == {"p1": SLIM}
    assert known("p1", complete=True) == {}


def test_a_record_from_a_list_is_replaced_by_a_complete_one():
    save(p1=SLIM)

    save(p1=WHOLE, complete=True)

    assert known("p1", complete=True) == {"p1": WHOLE}


def test_many_people_are_saved_and_found_at_once():
    records = {f"p{number}": {"department": str(number)} for number in range(1203)}

    save(**records)

    assert known(*records) == records


def test_processes_that_save_the_same_people_do_not_lock_each_other_out():
    names = [f"p{number}" for number in range(400)]

    def work(number):
        order = names if number % 2 else names[::-1]
        for _ in range(5):
            save(**{name: {"department": str(number)} for name in order})

    at_once(work, 4)

    assert known(*names).keys() == set(names)
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == len(names)
