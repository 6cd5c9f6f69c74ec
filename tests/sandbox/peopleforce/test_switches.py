"""Every answer that PeopleForce might give where its documentation is silent."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest


@pytest.fixture
def task_id(vendor) -> int:
    return vendor.data("/tasks")[0]["id"]


def test_completing_may_answer_with_data_or_nothing_or_the_bare_task(vendor, task_id):
    path = f"/tasks/{task_id}/complete"

    assert vendor.call("PUT", path).json()["data"]["id"] == task_id
    vendor.switch(put_answer="empty")
    assert vendor.call("PUT", path).content == b""
    vendor.switch(put_answer="bare")
    assert vendor.call("PUT", path).json()["id"] == task_id


def test_completing_twice_may_be_fine_or_refused(vendor, task_id):
    vendor.call("PUT", f"/tasks/{task_id}/complete")

    assert vendor.call("PUT", f"/tasks/{task_id}/complete").status_code == 200
    vendor.switch(repeat_put="unprocessable")
    assert vendor.call("PUT", f"/tasks/{task_id}/complete").status_code == 422
    assert vendor.call("PUT", f"/tasks/{task_id}/incomplete").status_code == 200
    assert vendor.call("PUT", f"/tasks/{task_id}/incomplete").status_code == 422


def test_a_422_has_one_of_three_bodies(vendor, task_id):
    vendor.switch(repeat_put="unprocessable")
    path = f"/tasks/{task_id}/incomplete"

    bodies = []
    for setting in ("list", "message", "fields"):
        vendor.switch(unprocessable_body=setting)
        bodies.append(vendor.call("PUT", path).json())

    assert bodies == [
        {"success": False, "errors": [{"message": "task is already open"}]},
        {"message": "task is already open"},
        {"errors": {"task": ["is already open"]}},
    ]


def test_creating_may_answer_201(vendor):
    vendor.switch(post_status=201)

    answer = vendor.call("POST", "/tasks", json={"name": "x", "employee_id": 1126})

    assert answer.status_code == 201


def test_a_404_has_one_of_four_bodies(vendor):
    kinds = []
    for setting in ("message", "rails", "html", "empty"):
        vendor.switch(not_found_body=setting)
        answer = vendor.call("PUT", "/tasks/0/complete")
        assert answer.status_code == 404
        kinds.append((answer.headers["Content-Type"].partition(";")[0], len(answer.content) > 0))

    assert kinds == [
        ("application/json", True),
        ("application/json", True),
        ("text/html", True),
        ("text/html", False),
    ]


def test_past_the_limit_calls_are_refused_with_a_waiting_time(vendor):
    vendor.switch(rate_limit=3)

    statuses = [vendor.get("/tasks").status_code for _ in range(5)]
    refused = vendor.get("/employees")

    assert statuses == [200, 200, 200, 429, 429]
    assert 50 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.json() == {"message": "Rate limit exceeded"}
    vendor.switch(rate_limit=None)
    assert vendor.get("/tasks").status_code == 200


def test_the_usual_limit_is_300_a_minute(vendor):
    statuses = [vendor.get("/divisions").status_code for _ in range(302)]

    assert statuses == [200] * 300 + [429] * 2


def test_a_429_may_name_a_date_or_nothing_and_have_other_bodies(vendor):
    vendor.switch(rate_limit=1, retry_after="date", rate_limited_body="html")
    vendor.get("/tasks")
    dated = vendor.get("/tasks")
    vendor.switch(retry_after="none", rate_limited_body="empty")
    silent = vendor.get("/tasks")

    assert parsedate_to_datetime(dated.headers["Retry-After"])
    assert dated.headers["Content-Type"].startswith("text/html")
    assert (silent.status_code, silent.content) == (429, b"")
    assert "Retry-After" not in silent.headers


def test_updated_at_moves_or_stays_or_is_absent(vendor, task_id):
    def edited():
        vendor.control("PATCH", f"/tasks/{task_id}", {"title": "Edited"})
        return vendor.data("/tasks")[0]

    assert edited()["updated_at"] > edited()["created_at"]
    vendor.switch(updated_at="fixed")
    assert edited()["updated_at"] == edited()["created_at"]
    vendor.switch(updated_at="missing")
    assert "updated_at" not in edited()


def test_counts_may_be_flat_and_empty_lists_null(vendor):
    vendor.switch(pagination="flat", empty_list="null", empty_pages=0)

    assert vendor.get("/tasks").json()["metadata"]["pages"] == 3
    nobody = vendor.get("/employees?ids[]=1").json()
    assert nobody == {"data": None, "metadata": {"page": 1, "pages": 0, "count": 0, "items": 0}}


def test_people_who_are_not_set_may_be_null(vendor):
    vendor.switch(unset_person="null")

    tasks = vendor.everything("/tasks")

    assert any(task["assigned_to"] is None for task in tasks)
    assert all({"assigned_to", "associated_to", "created_by"} <= set(task) for task in tasks)


def test_encoded_brackets_may_not_be_understood(vendor):
    vendor.switch(encoded_brackets="ignored")

    assert len(vendor.data_as_written("/employees?ids[]=1126")) == 1
    assert len(vendor.data_as_written("/employees?ids%5B%5D=1126")) == 42
    assert len(vendor.data_as_written("/employees?ids%5b%5d=1126")) == 42


def test_an_employees_tasks_may_include_completed_ones(vendor):
    before = vendor.data("/employees/1143/tasks")
    vendor.call("PUT", f"/tasks/{before[0]['id']}/complete")

    assert len(vendor.data("/employees/1143/tasks")) == len(before) - 1
    vendor.switch(employee_tasks="all")
    assert before[0]["id"] in [task["id"] for task in vendor.data("/employees/1143/tasks")]


@pytest.mark.parametrize(
    "changes", [{"put_answer": "maybe"}, {"nonsense": 1}, {"rate_limit": 0}, []]
)
def test_a_wrong_switch_is_refused_and_changes_nothing(vendor, changes):
    before = vendor.control("GET", "/switches").json()

    assert vendor.control("PUT", "/switches", changes).status_code == 400
    assert vendor.control("GET", "/switches").json() == before
