"""What HR does to employees in PeopleForce itself, done through the control API."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests

from sandbox.common.server import running
from sandbox.peopleforce.app import create_app

IHOR = 1152


@pytest.fixture
def edit(vendor):
    def change(employee_id=IHOR, **changes):
        answer = vendor.control("PATCH", f"/people/{employee_id}", changes)
        answer.raise_for_status()
        return answer.json()

    return change


@pytest.fixture
def listed(vendor):
    def find(employee_id=IHOR, status="all"):
        query = f"ids[]={employee_id}&status={status}"
        return next(iter(vendor.data_as_written(f"/employees?{query}")), None)

    return find


def test_an_employee_who_is_moved_shows_it_in_the_list_and_alone(vendor, edit, listed):
    edit(department="Finance", division="Europe", position="Accountant", location=None)
    edit(manager_id=1112)

    for record in (listed(), vendor.data(f"/employees/{IHOR}")):
        names = {key: record[key]["name"] for key in ("department", "division", "position")}
        assert names == {"department": "Finance", "division": "Europe", "position": "Accountant"}
        assert record["location"] is None
        assert record["reporting_to"]["id"] == 1112
    departments = {row["name"]: row["id"] for row in vendor.data("/departments")}
    assert listed()["department"]["id"] == departments["Finance"]


def test_an_edit_of_an_employee_leaves_alone_what_it_does_not_name(vendor, edit):
    before = vendor.data(f"/employees/{IHOR}")

    after = edit(department="Legal")

    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"department", "updated_at"}
    assert after["updated_at"] > before["updated_at"]
    assert after == vendor.data(f"/employees/{IHOR}")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"cost_centre": "CC-7"}, "CC-7"),
        ({"remote": True}, True),
        ({"office_days": 2.5}, 2.5),
        ({"contract_ends_on": "2030-01-31"}, "2030-01-31"),
        ({"t_shirt_size": "XL"}, {"id": 904, "value": "XL"}),
        (
            {"languages": ["Polish", "English"]},
            [{"id": 942, "value": "Polish"}, {"id": 940, "value": "English"}],
        ),
        (
            {"hr_manager": 1105},
            {"id": 1105, "full_name": "Olha Rudnytska", "email": "olha.rudnytska@acme.example"},
        ),
        ({"laptop_model": None}, None),
    ],
)
def test_custom_fields_of_every_kind_are_written_as_people_would(vendor, edit, given, shown):
    [name] = given
    before = vendor.data(f"/employees/{IHOR}")["fields"]

    edit(custom_fields=given)

    assert vendor.data(f"/employees/{IHOR}")["fields"] == before | {name: {"value": shown}}


def test_every_custom_field_is_defined_and_has_a_value(vendor):
    defined = {field["internal_name"]: field for field in vendor.data("/employee_fields")}
    fields = vendor.data(f"/employees/{IHOR}")["fields"]

    assert fields.keys() == defined.keys()
    assert {field["type"] for field in defined.values()} == {
        "string", "number", "boolean", "date", "single_select", "multi_select", "employee",
    }  # fmt: skip
    assert fields["languages"]["value"][0]["value"] in defined["languages"]["options"]


def test_who_leaves_is_in_the_list_for_all_alone(vendor, edit, listed):
    edit(status="terminated")

    assert listed(status="active") is None
    assert listed()["active"] is False
    full = vendor.data(f"/employees/{IHOR}")
    assert full["status"] == "terminated"
    assert full["termination_effective_on"] == datetime.now(UTC).date().isoformat()


def test_an_employee_who_is_deleted_is_shown_nowhere_and_tasks_go_on_naming_them(vendor, listed):
    task = vendor.control("POST", "/tasks", {"title": "x", "assigned_to": IHOR}).json()

    assert vendor.control("DELETE", f"/people/{IHOR}").status_code == 204

    assert listed() is None
    assert vendor.get(f"/employees/{IHOR}").status_code == 404
    assert vendor.data("/tasks")[0]["assigned_to"] == task["assigned_to"]
    assert vendor.control("DELETE", f"/people/{IHOR}").status_code == 404


def test_an_hr_manager_who_is_deleted_leaves_the_field_empty(vendor):
    assert vendor.data(f"/employees/{IHOR}")["fields"]["hr_manager"]["value"]["id"] == 1131

    vendor.control("DELETE", "/people/1131")

    assert vendor.data(f"/employees/{IHOR}")["fields"]["hr_manager"]["value"] is None


def test_many_employees_can_be_added_and_get_tasks(vendor):
    ids = vendor.control("POST", "/people/bulk", {"count": 120}).json()["ids"]

    assert len(set(ids)) == 120
    people = vendor.everything("/employees")
    assert len(people) == 162
    assert len({person["email"] for person in people}) == 162
    vendor.control("POST", "/tasks/bulk", {"count": 162})
    owners = {task["assigned_to"]["id"] for task in vendor.everything("/tasks")[:162]}
    assert set(ids) <= owners


@pytest.mark.parametrize(
    "changes",
    [
        {"department": "Nowhere"},
        {"department": None},
        {"location": "Atlantis"},
        {"manager_id": 1},
        {"status": "ill"},
        {"salary": 1},
        {"custom_fields": {"nonsense": "x"}},
        {"custom_fields": {"remote": "yes"}},
        {"custom_fields": {"office_days": True}},
        {"custom_fields": {"contract_ends_on": "soon"}},
        {"custom_fields": {"t_shirt_size": "XXXL"}},
        {"custom_fields": {"languages": ["Klingon"]}},
        {"custom_fields": {"hr_manager": 1}},
        {"department": "Legal", "custom_fields": {"remote": "yes"}},
    ],
)
def test_a_slip_about_an_employee_is_answered_and_changes_nothing(vendor, changes):
    before = vendor.data(f"/employees/{IHOR}")

    answer = vendor.control("PATCH", f"/people/{IHOR}", changes)

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert vendor.data(f"/employees/{IHOR}") == before


def test_nobody_cannot_be_edited(vendor):
    assert vendor.control("PATCH", "/people/1", {"department": "IT"}).status_code == 404
    assert vendor.control("POST", "/people/bulk", {"count": 0}).status_code == 400


def test_reset_brings_back_the_first_days_people(vendor, edit):
    before = vendor.everything("/employees?status=all")
    edit(department="Legal")
    vendor.control("DELETE", "/people/1151")
    vendor.control("POST", "/people/bulk", {"count": 2})

    vendor.control("POST", "/reset")

    assert vendor.everything("/employees?status=all") == before


def test_what_became_of_people_survives_a_restart(tmp_path):
    def everybody(url):
        headers = {"X-API-KEY": "k"}
        answer = requests.get(f"{url}/api/public/v3/employees", headers=headers, timeout=5)
        one = requests.get(f"{url}/api/public/v3/employees/{IHOR}", headers=headers, timeout=5)
        return answer.json(), one.json()

    with running(create_app(api_key="k", data_dir=tmp_path)) as url:
        people = f"{url}/_control/people"
        edit = {"department": "Legal", "custom_fields": {"cost_centre": "CC-7"}}
        requests.patch(f"{people}/{IHOR}", json=edit, timeout=5)
        requests.delete(f"{people}/1151", timeout=5)
        [first] = requests.post(f"{people}/bulk", json={"count": 1}, timeout=5).json()["ids"]
        requests.delete(f"{people}/{first}", timeout=5)
        before = everybody(url)

    with running(create_app(api_key="k", data_dir=tmp_path)) as url:
        assert everybody(url) == before
        [second] = requests.post(
            f"{url}/_control/people/bulk", json={"count": 1}, timeout=5
        ).json()["ids"]
    assert before[1]["data"]["fields"]["cost_centre"]["value"] == "CC-7"
    assert second > first, "a deleted employee's number is not given again"
