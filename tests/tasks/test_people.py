"""Rules that ask for more of people than a task says: what they see, and what that costs."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from sqlalchemy import func, select

from core.database import reading
from core.errors import (
    VendorCredentialsError,
    VendorUnavailableError,
)
from core.mapping.conditions import Condition, Operator
from core.mapping.routing import Rule, route
from core.mapping.sources import FieldMapping, Path, Template
from core.models import Person
from tasks.pf_jira import wiring
from tasks.pf_jira.people import with_people
from tests.tasks.world import HOUR, World, on_sqlite

LIST, ONE = "GET /api/public/v3/employees", "GET /api/public/v3/employees/<employee_id>"
IRYNA, IHOR, MARTA = 1126, 1152, 1131


def rule(*sources: Path | Template, conditions: tuple[Condition, ...] = ()) -> Rule:
    fields = (FieldMapping("summary", sources),) if sources else ()
    return Rule(1, "r", 1, conditions, project="HR", issue_type="Task", fields=fields)


PLAIN = rule(Template("{{ title }} for {{ associated_to.full_name }}"))
OF_DEPARTMENT = rule(Path("$.assigned_to.department"))
OF_COST_CENTRE = rule(Template("{{ associated_to.custom_fields.cost_centre }}"))


def enriched(world: World, *rules: Rule) -> list[dict[str, Any]]:
    """Give the records that the rules see of all tasks, and count calls from there."""
    world.poll()
    world.forget_calls()
    return with_people(wiring.peopleforce(), [link.snapshot for link in world.links()], rules)


def task(world: World, **fields: Any) -> None:
    world.peopleforce.control("POST", "tasks", {"title": "x", **fields})


def about(employee_id: int) -> dict[str, Any]:
    return {"type": "Employee", "id": employee_id}


def hr_does(world: World, method: str, employee_id: int, **changes: Any) -> None:
    world.peopleforce.control(method, f"people/{employee_id}", changes or None)


def people_kept() -> int | None:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Person))


def test_a_rule_sees_where_the_assignee_works(world):
    task(world, assigned_to=IHOR)

    [record] = enriched(world, OF_DEPARTMENT)

    assert record["assigned_to"] == {
        "id": IHOR,
        "full_name": "Ihor Melnychuk",
        "email": "ihor.melnychuk@acme.example",
        "employee_number": "AC-1152",
        "hired_on": "2020-10-05",
        "department": "IT",
        "division": "Ukraine",
        "location": "Lviv",
        "position": "IT Support Engineer",
        "manager": {"id": IRYNA, "full_name": "Iryna Koval", "email": "iryna.koval@acme.example"},
    }


def test_a_rule_sees_status_and_custom_fields_of_whom_a_task_is_about(world):
    hr_does(world, "PATCH", IHOR, custom_fields={"contract_ends_on": "2030-01-31"})
    task(world, associated_to=about(IHOR))

    [record] = enriched(world, OF_COST_CENTRE)

    subject = record["associated_to"]
    assert (subject["type"], subject["department"], subject["status"]) == (
        "Employee", "IT", "employed",
    )  # fmt: skip
    assert subject["custom_fields"] == {
        "laptop_model": "ThinkPad T14",
        "t_shirt_size": "M",
        "hr_manager": {"full_name": "Marta Savchuk", "email": "marta.savchuk@acme.example"},
        "remote": False,
        "cost_centre": "CC-120",
        "office_days": 3,
        "contract_ends_on": "2030-01-31",
        "languages": ["English", "Ukrainian"],
    }


def test_a_department_routes_a_task(world):
    it = rule(conditions=(Condition("$.assigned_to.department", Operator.EQUALS, "IT"),))
    task(world, assigned_to=IHOR)
    task(world, assigned_to=MARTA)

    routed = {
        record["assigned_to"]["id"]: route([it], record).rule for record in enriched(world, it)
    }

    assert routed == {IHOR: it, MARTA: None}


def test_rules_that_read_no_details_cost_no_call_and_keep_nobody(world):
    world.has_tasks(3)
    task(world, associated_to=about(IHOR))

    records = enriched(
        world, PLAIN, rule(conditions=(Condition("$.assigned_to", Operator.EXISTS),))
    )

    assert records == [link.snapshot for link in world.links()]
    assert world.peopleforce.calls() == {}
    assert people_kept() == 0


def test_without_a_rule_or_a_task_nothing_is_asked(world):
    assert with_people(wiring.peopleforce(), [], [OF_DEPARTMENT]) == []
    world.has_tasks(2)
    assert len(enriched(world)) == 2
    assert world.peopleforce.calls() == {}


def test_the_stored_snapshot_is_not_touched(world):
    task(world, assigned_to=IHOR, associated_to=about(MARTA))
    world.poll()
    [link] = world.links()
    before = copy.deepcopy(link.snapshot)

    [record] = with_people(wiring.peopleforce(), [link.snapshot], [OF_DEPARTMENT])

    assert record != before
    assert link.snapshot == before
    assert world.links()[0].seen_hash == link.seen_hash


def test_120_people_cost_three_calls_and_none_the_second_time(world):
    world.peopleforce.control("POST", "people/bulk", {"count": 78})
    world.has_tasks(120)

    records = enriched(world, OF_DEPARTMENT)

    assert len({record["assigned_to"]["id"] for record in records}) == 120
    assert all(record["assigned_to"]["department"] for record in records)
    assert world.peopleforce.calls() == {LIST: 3}
    assert enriched(world, OF_DEPARTMENT) == records
    assert world.peopleforce.calls() == {}


def test_custom_fields_cost_a_call_for_each_person_and_none_the_second_time(world):
    for employee_id in (IRYNA, IHOR, MARTA, IHOR):
        task(world, associated_to=about(employee_id), assigned_to=IRYNA)

    first = enriched(world, OF_COST_CENTRE)
    assert world.peopleforce.calls() == {ONE: 3}

    # Iryna is known completely, so her department is known as well.
    assert (
        enriched(world, OF_COST_CENTRE, OF_DEPARTMENT)[0]["associated_to"]
        == (first[0]["associated_to"])
    )
    assert world.peopleforce.calls() == {}


def test_who_is_both_assignee_and_subject_is_read_once_and_as_far_as_either_asks(world):
    task(world, assigned_to=IHOR, associated_to=about(IHOR))

    [record] = enriched(world, OF_DEPARTMENT, OF_COST_CENTRE)

    assert world.peopleforce.calls() == {ONE: 1}
    assert record["assigned_to"]["department"] == "IT"
    assert record["associated_to"]["custom_fields"]["cost_centre"] == "CC-120"


def test_custom_fields_are_read_of_those_who_are_known_from_the_list_alone(world):
    task(world, assigned_to=IHOR, associated_to=about(IHOR))

    enriched(world, OF_DEPARTMENT)
    assert world.peopleforce.calls() == {LIST: 1}
    [record] = enriched(world, OF_COST_CENTRE)

    assert world.peopleforce.calls() == {ONE: 1}
    assert record["associated_to"]["custom_fields"]["cost_centre"] == "CC-120"


@pytest.mark.parametrize(("asking", "route"), [(OF_DEPARTMENT, LIST), (OF_COST_CENTRE, ONE)])
def test_what_was_read_is_believed_for_a_day(world, asking, route):
    task(world, assigned_to=IHOR, associated_to=about(IHOR))
    part = "assigned_to" if asking is OF_DEPARTMENT else "associated_to"
    enriched(world, asking)
    hr_does(world, "PATCH", IHOR, department="Legal")

    world.pass_time(23.9 * HOUR)
    assert enriched(world, asking)[0][part]["department"] == "IT"
    assert world.peopleforce.calls() == {}

    world.pass_time(0.2 * HOUR)
    assert enriched(world, asking)[0][part]["department"] == "Legal"
    assert world.peopleforce.calls() == {route: 1}


def test_who_has_left_is_still_seen(world):
    task(world, assigned_to=IHOR, associated_to=about(IHOR))
    hr_does(world, "PATCH", IHOR, status="terminated")

    [record] = enriched(world, OF_DEPARTMENT)
    assert record["assigned_to"]["department"] == "IT"
    [record] = enriched(world, OF_COST_CENTRE)
    assert record["associated_to"]["status"] == "terminated"


@pytest.mark.parametrize(("asking", "route"), [(OF_DEPARTMENT, LIST), (OF_COST_CENTRE, ONE)])
def test_who_is_not_shown_stays_as_the_task_has_them_and_is_not_asked_for_again(
    world, asking, route
):
    task(world, assigned_to=IHOR, associated_to=about(IHOR))
    hr_does(world, "DELETE", IHOR)

    records = enriched(world, asking)

    assert records == [link.snapshot for link in world.links()]
    assert world.peopleforce.calls() == {route: 1}
    assert enriched(world, asking) == records
    assert world.peopleforce.calls() == {}


def test_a_candidate_is_not_taken_for_the_employee_of_the_same_id(world):
    candidate = {"type": "Candidate", "id": IHOR, "full_name": "A. Candidate", "email": "a@x.y"}
    task(world, associated_to=candidate)

    [record] = enriched(world, OF_COST_CENTRE)

    assert record["associated_to"] == candidate
    assert world.peopleforce.calls() == {}


def test_a_task_of_nobody_is_left_as_it_is(world):
    task(world)

    [record] = enriched(world, OF_DEPARTMENT, OF_COST_CENTRE)

    assert (record["assigned_to"], record["associated_to"]) == (None, None)
    assert world.peopleforce.calls() == {}


@on_sqlite
@pytest.mark.parametrize("asking", [OF_DEPARTMENT, OF_COST_CENTRE])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 500}, VendorUnavailableError),
        ({"kind": "html"}, VendorUnavailableError),
        ({"kind": "status", "status": 403}, VendorCredentialsError),
    ],
)
def test_an_outage_is_not_taken_for_people_without_details(world, asking, fault, error):
    task(world, assigned_to=IHOR, associated_to=about(IHOR))
    world.poll()
    world.peopleforce.fault(**fault, path="*/employees*")

    with pytest.raises(error):
        enriched(world, asking)

    assert people_kept() == 0
    assert enriched(world, asking)[0] != world.links()[0].snapshot


def test_who_was_read_before_an_outage_need_not_be_read_again(world):
    for employee_id in (IRYNA, IHOR):
        task(world, associated_to=about(employee_id))
    world.poll()
    world.peopleforce.fault("status", status=500, path=f"*/employees/{IHOR}")

    with pytest.raises(VendorUnavailableError):
        enriched(world, OF_COST_CENTRE)
    enriched(world, OF_COST_CENTRE)

    assert world.peopleforce.calls() == {ONE: 1}


def test_people_are_kept_in_the_database_and_not_in_redis(world):
    task(world, assigned_to=IHOR, associated_to=about(IHOR))
    world.poll()
    before = set(world.redis.scan_iter("*"))

    enriched(world, OF_DEPARTMENT, OF_COST_CENTRE)

    assert people_kept() == 1
    new = set(world.redis.scan_iter("*")) - before
    assert all(key.startswith("igw:rate:") for key in new), new
