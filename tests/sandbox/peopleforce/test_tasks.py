"""The task routes of the PeopleForce stand-in, as a client meets them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
import requests

MARKUP = (
    "<strong>", "<em>", "<li>", "<ul><li>Google", "<table>", "<img ", "&nbsp;", "<code>", "<br>",
    'class="fr-file"', 'id="isPasted"', 'target="_blank"',
)  # fmt: skip


def test_open_tasks_come_fifty_a_page_with_nested_counts(vendor):
    first, last = vendor.get("/tasks").json(), vendor.get("/tasks?page=3").json()

    assert first["metadata"] == {"pagination": {"page": 1, "pages": 3, "count": 150, "items": 50}}
    assert last["metadata"] == {"pagination": {"page": 3, "pages": 3, "count": 150, "items": 50}}
    assert len(first["data"]) == len(last["data"]) == 50


def test_the_last_page_counts_its_own_items(vendor):
    answer = vendor.get("/tasks?completed=true&page=2").json()

    assert answer["metadata"]["pagination"] == {"page": 2, "pages": 2, "count": 60, "items": 10}
    assert len(answer["data"]) == 10


def test_a_page_past_the_end_is_empty_and_fine(vendor):
    answer = vendor.get("/tasks?page=4")

    assert answer.status_code == 200
    assert answer.json()["data"] == []
    assert answer.json()["metadata"]["pagination"]["items"] == 0


@pytest.mark.parametrize(
    "query",
    [
        "per_page=5",
        "limit=5",
        "completed=maybe",
        "completed=",
        "employee_id=1",
        "page=0",
        "page=-1",
        "page=x",
        "page=%C2%B2",
        "updated_at[gte]=2099-01-01",
        "%FF",
    ],
)
def test_what_the_vendor_does_not_know_is_silently_ignored(vendor, query):
    answer = vendor.get(f"/tasks?{query}").json()

    assert answer["metadata"]["pagination"] == {"page": 1, "pages": 3, "count": 150, "items": 50}


def test_tasks_are_listed_by_id_downwards_with_gaps(vendor):
    ids = [task["id"] for task in vendor.everything("/tasks")]

    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 150
    assert ids[0] - ids[-1] > 10_000


def test_a_task_has_the_documented_fields(vendor):
    task = next(t for t in vendor.everything("/tasks") if "assigned_to" in t and t["description"])

    assert list(task)[:9] == [
        "id", "type", "title", "starts_on", "ends_on", "completed_at", "completed",
        "description", "description_plain",
    ]  # fmt: skip
    assert set(task["assigned_to"]) == {"id", "full_name", "email"}
    assert task["completed"] is False
    assert task["completed_at"] is None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", task["created_at"])


def test_the_seed_holds_what_real_lists_hold(vendor):
    tasks = vendor.everything("/tasks") + vendor.everything("/tasks?completed=true")
    html = " ".join(task["description"] or "" for task in tasks)

    assert {task["type"] for task in tasks} == {"Tasks::General", "Tasks::Applicant"}
    assert any("assigned_to" not in task for task in tasks)
    assert any("associated_to" not in task for task in tasks)
    assert any("created_by" not in task for task in tasks)
    assert any(task["description"] is None for task in tasks)
    assert any(task["ends_on"] is None for task in tasks)
    assert {t["associated_to"]["type"] for t in tasks if "associated_to" in t} == {
        "Employee",
        "Candidate",
    }
    for markup in MARKUP:
        assert markup in html, markup


def test_the_seed_is_the_same_each_time_and_recent(vendor):
    first = vendor.everything("/tasks")
    vendor.control("POST", "/reset")
    again = vendor.everything("/tasks")

    assert [(t["id"], t["title"], t["description"]) for t in first] == [
        (t["id"], t["title"], t["description"]) for t in again
    ]
    ages = [datetime.now(UTC) - datetime.fromisoformat(task["created_at"]) for task in first]
    assert all(0 <= age.days <= 42 for age in ages)
    assert min(ages).days == 0


def test_plain_descriptions_are_the_text_on_one_line(vendor):
    created = vendor.call(
        "POST",
        "/tasks",
        json={
            "name": "x",
            "employee_id": 1126,
            "description": "Model <b>X</b>1&nbsp;<br>a &lt;b&gt;<ul><li>one</li><li>two</li></ul>",
        },
    ).json()["data"]

    assert created["description_plain"] == "Model X1 a <b> one two"


def test_a_created_task_takes_a_name_and_shows_a_title(vendor):
    answer = vendor.call(
        "POST",
        "/tasks",
        json={"name": "Нове завдання", "employee_id": 1126, "ends_on": "2030-01-31"},
    )

    task = answer.json()["data"]
    assert answer.status_code == 200
    assert task["title"] == "Нове завдання"
    assert "name" not in task
    assert task["assigned_to"]["email"] == "iryna.koval@acme.example"
    assert (task["starts_on"], task["ends_on"]) == (
        datetime.now(UTC).date().isoformat(),
        "2030-01-31",
    )
    assert vendor.data("/tasks")[0]["id"] == task["id"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"employee_id": 1126}, 400),
        ({"name": "", "employee_id": 1126}, 400),
        ({"name": "x"}, 400),
        (["name"], 400),
        ({"name": 7, "employee_id": 1126}, 422),
        ({"name": "x", "employee_id": 1}, 422),
        ({"name": "x", "employee_id": "1126"}, 422),
        ({"name": "x", "employee_id": 1126, "ends_on": "31.01.2030"}, 422),
    ],
)
def test_a_task_that_lacks_something_is_refused(vendor, body, status):
    answer = vendor.call("POST", "/tasks", json=body)

    assert answer.status_code == status
    assert answer.json()["success"] is False
    assert answer.json()["errors"][0]["message"]
    assert vendor.get("/tasks").json()["metadata"]["pagination"]["count"] == 150


def test_completing_moves_a_task_to_the_other_list_and_reopening_back(vendor):
    task_id = vendor.data("/tasks?page=2")[7]["id"]

    done = vendor.call("PUT", f"/tasks/{task_id}/complete").json()["data"]
    assert done["completed"] is True
    assert done["completed_at"] == done["updated_at"] > done["created_at"]
    assert task_id not in [task["id"] for task in vendor.everything("/tasks")]
    assert task_id in [task["id"] for task in vendor.everything("/tasks?completed=true")]

    back = vendor.call("PUT", f"/tasks/{task_id}/incomplete").json()["data"]
    assert (back["completed"], back["completed_at"]) == (False, None)
    assert task_id in [task["id"] for task in vendor.everything("/tasks")]


def test_a_task_completed_between_two_pages_hides_another(vendor):
    first = vendor.data("/tasks?page=1")
    fifty_first = vendor.data("/tasks?page=2")[0]["id"]

    vendor.call("PUT", f"/tasks/{first[0]['id']}/complete")

    assert fifty_first not in [task["id"] for task in vendor.data("/tasks?page=2")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/tasks/{id}"),
        ("PUT", "/tasks/{id}"),
        ("PATCH", "/tasks/{id}"),
        ("DELETE", "/tasks/{id}"),
        ("POST", "/tasks/{id}/complete"),
        ("PUT", "/tasks/0/complete"),
        ("PUT", "/tasks/none/incomplete"),
        ("GET", "/employees/0/tasks"),
        ("GET", "/employees/0"),
        ("GET", "/teams/40"),
        ("GET", "/nowhere"),
        ("GET", "/../v2/tasks"),
    ],
)
def test_what_the_api_does_not_offer_is_404(vendor, method, path):
    task_id = vendor.data("/tasks")[0]["id"]

    answer = vendor.call(method, path.format(id=task_id))

    assert answer.status_code == 404
    assert answer.json() == {"message": "Not found"}


def test_a_deleted_task_vanishes_and_its_number_is_not_given_again(vendor):
    newest = vendor.data("/tasks")[0]["id"]

    assert vendor.control("DELETE", f"/tasks/{newest}").status_code == 204
    created = vendor.call("POST", "/tasks", json={"name": "x", "employee_id": 1126}).json()["data"]

    assert created["id"] > newest
    assert vendor.call("PUT", f"/tasks/{newest}/complete").status_code == 404


def test_an_employees_tasks_are_the_open_ones_assigned_to_them(vendor):
    mine = vendor.data("/employees/1143/tasks")

    assert mine
    assert {task["assigned_to"]["id"] for task in mine} == {1143}
    assert not any(task["completed"] for task in mine)


def test_without_the_right_key_nothing_is_answered(vendor):
    url = f"{vendor.url}/api/public/v3"
    for path, headers in [
        ("/tasks", {}),
        ("/tasks", {"X-API-KEY": "wrong"}),
        ("/tasks", {"X-API-KEY": "pf-test-keÿ".encode()}),
        ("/tasks", {"Authorization": "Bearer pf-test-key"}),
        ("/nowhere", {}),
    ]:
        answer = requests.get(url + path, headers=headers, timeout=5)
        assert (answer.status_code, answer.json()) == (401, {"message": "Bad Credentials"})


def test_dates_of_the_seed_are_dates(vendor):
    for task in vendor.everything("/tasks"):
        date.fromisoformat(task["starts_on"])
        assert task["ends_on"] is None or task["ends_on"] > task["starts_on"]
