"""Employees as PeopleForce writes them, whole and with holes, and what rules see of them."""

import json
from typing import Any

import pytest

from connectors.peopleforce.employees import (
    LISTED_DETAILS,
    SINGLE_DETAILS,
    Employee,
    EmployeePage,
)
from connectors.peopleforce.models import Person
from core.errors import PayloadError

LISTED: dict[str, Any] = {
    "id": 1201,
    "active": True,
    "access": True,
    "full_name": "Iryna Koval",
    "email": "iryna.koval@acme.example",
    "personal_email": "iryna@home.example",
    "date_of_birth": "1990-01-01",
    "employee_number": "IT-1029",
    "hired_on": "2022-09-26",
    "position": {"id": 114651, "name": "IT Support Engineer"},
    "location": {"id": 28693, "name": "Lviv", "country_code": "UA", "time_zone": "Europe/Kyiv"},
    "division": {"id": 1819, "name": "Europe"},
    "department": {"id": 5094, "name": "IT"},
    "reporting_to": {
        "id": 1105, "first_name": "Olha", "last_name": "Rud", "email": "olha.rud@acme.example",
    },
}  # fmt: skip
SINGLE = LISTED | {
    "status": "employed",
    "gender": {"id": "2", "name": "Female"},
    "direct_reports": [],
    "fields": {"cost_centre": {"value": "CC-7"}},
}
OLHA = {"id": 1105, "full_name": "Olha Rud", "email": "olha.rud@acme.example"}
DETAILS = {
    "employee_number": "IT-1029",
    "hired_on": "2022-09-26",
    "department": "IT",
    "division": "Europe",
    "location": "Lviv",
    "position": "IT Support Engineer",
    "manager": OLHA,
}


def field(value: Any) -> Any:
    """Give what rules see of a custom field that PeopleForce sends."""
    record = Employee.from_single_payload({"id": 1, "fields": {"it": value}}).details()
    return record["custom_fields"]["it"]


def test_a_listed_employee_has_names_where_peopleforce_has_references():
    employee = Employee.from_payload(LISTED)

    assert (employee.id, employee.full_name, employee.email, employee.active) == (
        1201, "Iryna Koval", "iryna.koval@acme.example", True,
    )  # fmt: skip
    assert employee.details() == DETAILS
    assert set(employee.details()) == LISTED_DETAILS


def test_an_employee_who_was_read_alone_has_a_status_and_custom_fields_too():
    details = Employee.from_single_payload(SINGLE).details()

    assert details == DETAILS | {"status": "employed", "custom_fields": {"cost_centre": "CC-7"}}
    assert set(details) == LISTED_DETAILS | SINGLE_DETAILS


def test_what_rules_are_not_offered_is_not_kept():
    details = json.dumps(Employee.from_single_payload(SINGLE).details())

    assert not any(word in details for word in ("home.example", "1990", "Female"))


@pytest.mark.parametrize(
    "holes",
    [
        {},
        dict.fromkeys(LISTED.keys() - {"id"}),
        {"department": {}, "location": {"id": 3}, "position": 7, "reporting_to": {}, "fields": []},
    ],
)
def test_an_employee_may_lack_everything_but_an_id(holes):
    nothing = dict.fromkeys(DETAILS)

    assert Employee.from_payload({"id": 3} | holes) == Employee(3, "", None, None)
    assert Employee.from_single_payload({"id": 3} | holes).details() == nothing | {
        "status": None,
        "custom_fields": {},
    }


@pytest.mark.parametrize("payload", [None, [], {}, {"email": "a@acme.example"}, {"id": "x"}])
def test_an_employee_without_an_id_is_a_payload_error(payload):
    with pytest.raises(PayloadError):
        Employee.from_payload(payload)
    with pytest.raises(PayloadError):
        Employee.from_single_payload(payload)


@pytest.mark.parametrize(
    ("reporting_to", "manager"),
    [
        (OLHA | {"id": "1105"}, Person(1105, "Olha Rud", "olha.rud@acme.example")),
        ({"id": 1105, "first_name": None, "last_name": "Rud"}, Person(1105, "Rud", None)),
        ({"id": 1105}, Person(1105, None, None)),
        ("Olha Rud", None),
    ],
)
def test_a_manager_is_read_by_either_form_of_the_name(reporting_to, manager):
    assert Employee.from_payload(LISTED | {"reporting_to": reporting_to}).manager == manager


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ({"value": "text"}, "text"),
        ({"value": "<p>html</p>"}, "<p>html</p>"),
        ({"value": "2024-01-01"}, "2024-01-01"),
        ({"value": 7.5}, 7.5),
        ({"value": False}, False),
        ({"value": None}, None),
        ({"value": {"id": 5, "value": "XL"}}, "XL"),
        ({"value": {"id": 5, "value": None}}, None),
        ({"value": [{"id": 5, "value": "EN"}, {"id": 6, "value": "UK"}]}, ["EN", "UK"]),
        ({"value": []}, []),
        ({"value": OLHA}, {"full_name": "Olha Rud", "email": "olha.rud@acme.example"}),
        ({"value": [OLHA]}, [{"full_name": "Olha Rud", "email": "olha.rud@acme.example"}]),
        ({"value": {"from": 1, "to": [2]}}, {"from": 1, "to": [2]}),
        ({"id": 9, "name": "x"}, {"id": 9, "name": "x"}),
        ("bare", "bare"),
        (None, None),
    ],
)
def test_a_custom_field_has_the_value_that_a_person_would_name(sent, seen):
    assert field(sent) == seen


def test_what_no_database_takes_is_marked_or_left_out_wherever_it_stands():
    assert field({"value": "a\x00b"}) == "a\ufffdb"
    assert field({"odd\x00": ["\ud83d", float("nan"), {"k": float("inf")}]}) == {
        "odd\ufffd": ["\ufffd", None, {"k": None}]
    }
    assert (
        Employee.from_payload({"id": 1, "department": {"name": "I\x00T"}}).department == "I\ufffdT"
    )


def test_an_employee_number_may_be_a_number():
    assert Employee.from_payload({"id": 1, "employee_number": 77}).employee_number == "77"


@pytest.mark.parametrize(
    ("data", "metadata", "last"),
    [
        ([LISTED], {"pagination": {"page": 1, "pages": 2}}, False),
        ([LISTED], {"page": 1, "pages": 1}, True),
        ([LISTED], None, False),
        ([], None, True),
        (None, {"pagination": {"pages": 0}}, True),
    ],
)
def test_the_last_page_of_employees_is_known_by_number_or_by_being_empty(data, metadata, last):
    assert EmployeePage.from_payload({"data": data, "metadata": metadata}, 1).is_last is last


def test_a_page_with_an_employee_who_cannot_be_read_is_no_page():
    with pytest.raises(PayloadError):
        EmployeePage.from_payload({"data": [LISTED, {"full_name": "Nobody"}]}, 1)
