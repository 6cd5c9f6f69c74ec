"""Employees are found by id and by e-mail, and nobody is taken for missing who is not."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.peopleforce import service
from connectors.peopleforce.employees import EmployeePage
from core.errors import VendorCredentialsError, VendorError, VendorUnavailableError

LIST, ONE = "GET /api/public/v3/employees", "GET /api/public/v3/employees/<employee_id>"
IHOR = 1152
NOBODY = 7


@pytest.fixture
def everybody(peopleforce_server) -> list[dict[str, Any]]:
    return peopleforce_server.control("GET", "people")["people"]


@pytest.fixture
def hires(peopleforce_server):
    """Add employees; give the ids of all whom the company then has."""

    def hire(count: int) -> list[int]:
        peopleforce_server.control("POST", "people/bulk", {"count": count})
        people = peopleforce_server.control("GET", "people")["people"]
        return [person["id"] for person in people]

    return hire


@pytest.fixture
def switch(peopleforce_server):
    return lambda **switches: peopleforce_server.control("PUT", "switches", switches)


def answers(peopleforce, monkeypatch, *payloads: object) -> None:
    """Let PeopleForce answer what no stand-in would."""
    waiting = iter(payloads)
    monkeypatch.setattr(peopleforce.client._session, "call", lambda *_, **__: next(waiting))


@pytest.mark.parametrize(("count", "calls"), [(0, 0), (1, 1), (50, 1), (51, 2), (120, 3)])
def test_employees_are_read_fifty_in_a_call(peopleforce, peopleforce_server, hires, count, calls):
    ids = hires(100)[:count]

    found = peopleforce.employees([*ids, *ids])

    assert sorted(found) == sorted(ids)
    assert all(employee.id == key for key, employee in found.items())
    assert peopleforce_server.calls() == ({LIST: calls} if calls else {})


def test_employees_of_any_status_are_found_as_they_are_listed(peopleforce, everybody):
    found = peopleforce.employees([person["id"] for person in everybody])

    assert {
        (one.id, one.full_name, one.email, one.active, one.department) for one in found.values()
    } == {
        (it["id"], it["full_name"], it["email"], it["active"], it["department"]) for it in everybody
    }
    assert all(one.custom_fields is None for one in found.values())


def test_who_is_not_shown_is_not_among_them(peopleforce, peopleforce_server):
    assert peopleforce.employees([IHOR, NOBODY]).keys() == {IHOR}
    assert peopleforce.employees([NOBODY]) == {}
    peopleforce_server.control("DELETE", f"people/{IHOR}")
    assert peopleforce.employees([IHOR]) == {}


@pytest.mark.parametrize(
    "switches",
    [
        {"empty_list": "array", "empty_pages": 1},
        {"empty_list": "array", "empty_pages": 0},
        {"empty_list": "null", "empty_pages": 0, "pagination": "flat"},
    ],
)
def test_a_batch_of_which_nobody_is_shown_costs_one_call(
    peopleforce, peopleforce_server, switch, switches
):
    switch(**switches)

    assert peopleforce.employees([NOBODY, NOBODY + 1]) == {}
    assert peopleforce_server.calls() == {LIST: 1}


def test_when_the_filter_is_ignored_everybody_is_looked_through(
    peopleforce, peopleforce_server, hires, monkeypatch
):
    *_, last = hires(100)
    unfiltered = peopleforce.client.list_employees

    def ignore_ids(*, ids, **others):
        return unfiltered(**others)

    monkeypatch.setattr(peopleforce.client, "list_employees", ignore_ids)
    peopleforce_server.control("DELETE", "calls")

    found = peopleforce.employees([last, NOBODY])

    assert found.keys() == {last}
    assert peopleforce_server.calls() == {LIST: 3}
    peopleforce.employees([IHOR])
    assert peopleforce_server.calls() == {LIST: 4}, "it stops when all were found"


def test_a_list_of_employees_without_end_is_given_up(peopleforce, monkeypatch):
    monkeypatch.setattr(service, "MAX_PAGES", 3)
    page = EmployeePage.from_payload({"data": [{"id": 1}]}, 1)
    monkeypatch.setattr(peopleforce.client, "list_employees", lambda **_: page)

    with pytest.raises(VendorUnavailableError, match="did not end after 3 pages"):
        peopleforce.employees([IHOR])


def test_an_employee_who_is_read_alone_has_custom_fields(peopleforce, peopleforce_server):
    peopleforce_server.control(
        "PATCH", f"people/{IHOR}", {"custom_fields": {"languages": ["Polish", "German"]}}
    )

    employee = peopleforce.employee(IHOR)

    assert (employee.status, employee.department) == ("employed", "IT")
    assert employee.custom_fields == {
        "laptop_model": "ThinkPad T14",
        "t_shirt_size": "M",
        "hr_manager": {"full_name": "Marta Savchuk", "email": "marta.savchuk@acme.example"},
        "remote": False,
        "cost_centre": "CC-120",
        "office_days": 3,
        "contract_ends_on": None,
        "languages": ["Polish", "German"],
    }
    assert peopleforce_server.calls() == {ONE: 1}


@pytest.mark.parametrize("body", ["message", "rails", "html", "empty"])
def test_an_employee_who_is_not_shown_is_none(peopleforce, switch, body):
    switch(not_found_body=body)

    assert peopleforce.employee(NOBODY) is None


def test_the_bare_record_of_an_employee_is_read_as_well(peopleforce, monkeypatch):
    answers(peopleforce, monkeypatch, {"id": IHOR, "fields": {"cost_centre": {"value": "CC-7"}}})

    assert peopleforce.employee(IHOR).custom_fields == {"cost_centre": "CC-7"}


@pytest.mark.parametrize("payload", [{"data": {"id": IHOR + 1}}, {"data": {}}, {"data": None}, []])
def test_an_answer_that_is_not_the_employee_asked_for_is_an_outage(
    peopleforce, monkeypatch, payload
):
    answers(peopleforce, monkeypatch, payload)

    with pytest.raises(VendorUnavailableError):
        peopleforce.employee(IHOR)


@pytest.mark.parametrize("payload", [{}, [], {"data": {}}, {"data": [{"full_name": "Who?"}]}])
def test_an_answer_that_is_no_list_of_employees_is_an_outage(peopleforce, monkeypatch, payload):
    answers(peopleforce, monkeypatch, payload)

    with pytest.raises(VendorUnavailableError):
        peopleforce.employees([IHOR])


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "html"}, VendorUnavailableError),
        ({"kind": "status", "status": 500}, VendorUnavailableError),
        ({"kind": "status", "status": 403}, VendorCredentialsError),
    ],
)
def test_a_failure_to_read_people_is_an_error_and_never_nobody(
    peopleforce, peopleforce_server, fault, error
):
    def read(ask, whom) -> VendorError:
        peopleforce_server.fault(**fault)
        with pytest.raises(error) as caught:
            ask(whom)
        return caught.value

    assert read(peopleforce.employees, [IHOR]).operation == "list_employees"
    assert read(peopleforce.employee, IHOR).operation == "get_employee"


@pytest.mark.parametrize("encoded_brackets", ["accepted", "ignored"])
def test_an_employee_is_found_by_e_mail_in_any_case(
    peopleforce, switch, everybody, encoded_brackets
):
    switch(encoded_brackets=encoded_brackets)

    for person in everybody:
        found = peopleforce.employee_by_email(f" {person['email'].upper()} ")
        assert (found.id, found.email) == (person["id"], person["email"])


def test_an_unknown_e_mail_is_nobodys(peopleforce):
    assert peopleforce.employee_by_email("nobody@acme.example") is None


def test_an_ignored_filter_finds_nobody_rather_than_anybody(peopleforce, monkeypatch):
    everybody = peopleforce.client.list_employees(status="all")
    monkeypatch.setattr(peopleforce.client, "list_employees", lambda **_: everybody)

    assert peopleforce.employee_by_email("nobody@acme.example") is None
    fourth = everybody.employees[3]
    assert peopleforce.employee_by_email(fourth.email) == fourth
