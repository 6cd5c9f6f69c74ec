"""Employees and the company's lists in the PeopleForce stand-in."""

from __future__ import annotations

import pytest


def ids(rows):
    return [row["id"] for row in rows]


def test_the_list_is_slim_and_leaves_out_who_has_left(vendor):
    rows = vendor.everything("/employees")

    assert len(rows) == 42
    assert all(row["active"] for row in rows)
    assert not any({"fields", "status", "direct_reports"} & set(row) for row in rows)


def test_one_employee_comes_with_custom_fields(vendor):
    person = vendor.data("/employees/1208")

    assert person["status"] == "employed"
    assert person["fields"]["laptop_model"] == {"value": "MacBook Pro 14"}
    assert person["fields"]["t_shirt_size"]["value"]["value"] == "S"
    assert set(person["fields"]["hr_manager"]["value"]) == {"id", "full_name", "email"}
    assert person["reporting_to"]["id"] == 1196
    assert person["employee_number"] == "AC-1208"


def test_references_that_are_not_set_are_null(vendor):
    assert vendor.data("/employees/1101")["reporting_to"] is None
    assert vendor.data("/employees/1316")["location"] is None
    assert vendor.data("/employees/1316")["fields"]["laptop_model"]["value"] is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ids[]=1126&ids[]=1105", [1105, 1126]),
        ("ids%5B%5D=1126&ids%5B%5D=1105", [1105, 1126]),
        ("emails[]=IRYNA.Koval@acme.example", [1126]),
        ("emails[]=hryhorii.tymchuk@acme.example", []),
        ("emails[]=hryhorii.tymchuk@acme.example&status=all", [1192]),
        ("employee_numbers[]=AC-1101", [1101]),
        ("status=terminated", [1192, 1214]),
        ("status=hired", [1315, 1316, 1318]),
        ("status=probation", [1304, 1309]),
        ("manager_id=1126", [1151, 1152, 1158, 1163]),
        ("hired_on[lte]=2015-12-31", [1101, 1107]),
        ("hired_on[gte]=2015-09-01&hired_on[lte]=2016-05-16", [1105, 1107]),
    ],
)
def test_a_documented_filter_filters(vendor, query, expected):
    assert ids(vendor.data_as_written(f"/employees?{query}")) == expected


@pytest.mark.parametrize(
    "query", ["email=iryna.koval@acme.example", "ids=1126", "status=on_leave", "department_id=5094"]
)
def test_any_other_filter_answers_with_everybody(vendor, query):
    assert len(vendor.data(f"/employees?{query}")) == 42


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("/departments", {"id", "name", "parent_id", "manager_id"}),
        ("/divisions", {"id", "name"}),
        ("/positions", {"id", "name"}),
        ("/locations", {"id", "name"}),
        ("/employee_fields", {"id", "name", "internal_name", "type", "group"}),
        (
            "/teams",
            {"id", "name", "description", "team_lead", "team_members", "created_at", "updated_at"},
        ),
    ],
)
def test_a_list_of_the_company_has_the_documented_fields(vendor, path, keys):
    rows = vendor.data(path)

    assert len(rows) > 2
    assert len(set(ids(rows))) == len(rows)
    assert all(keys <= set(row) for row in rows)


def test_records_refer_to_the_lists(vendor):
    people = vendor.everything("/employees?status=all")
    for path, name in (
        ("/departments", "department"),
        ("/divisions", "division"),
        ("/positions", "position"),
        ("/locations", "location"),
    ):
        known = {row["id"]: row["name"] for row in vendor.everything(path)}
        assert all(known[p[name]["id"]] == p[name]["name"] for p in people if p[name])


def test_departments_form_a_tree_whose_managers_exist(vendor):
    departments = vendor.data("/departments")
    people = ids(vendor.everything("/employees?status=all"))

    assert [d["name"] for d in departments if d["parent_id"] is None] == ["Executive"]
    assert {d["parent_id"] for d in departments} - {None} <= set(ids(departments))
    assert {d["manager_id"] for d in departments} <= set(people)


def test_a_team_does_not_repeat_its_lead_among_the_members(vendor):
    for team in vendor.data("/teams"):
        assert team["team_lead"]["id"] not in [m["user"]["id"] for m in team["team_members"]]
