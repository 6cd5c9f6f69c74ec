"""PeopleForce's connector works under every behaviour that the vendor leaves open."""

from __future__ import annotations

import itertools

import pytest

from connectors.peopleforce import service
from connectors.peopleforce.client import PeopleForceClient
from connectors.peopleforce.service import PeopleForce
from core.errors import (
    PayloadError,
    VendorAmbiguousError,
    VendorCredentialsError,
    VendorNotFoundError,
    VendorRateLimitedError,
    VendorRejectedError,
    VendorUnavailableError,
)
from core.settings import PeopleForceAccess, get_settings

LIST = "GET /api/public/v3/tasks"
UNKNOWN_TASK = 1
SLOW = 1.6  # Seconds; longer than a connector waits with the timeouts set below.


@pytest.fixture
def has(peopleforce_server):
    """Give the stand-in tasks; the result is their ids, oldest first."""

    def make(count=1, *, completed=False):
        if not count:
            return []
        made = peopleforce_server.control("POST", "tasks/bulk", {"count": count})
        everything = peopleforce_server.control("GET", f"tasks?limit={count}")["tasks"]
        ids = sorted(task["id"] for task in everything if task["id"] >= made["first_id"])
        for task_id in ids if completed else ():
            peopleforce_server.control("POST", f"tasks/{task_id}/complete")
        return ids

    return make


@pytest.fixture
def switch(peopleforce_server):
    def change(**switches):
        peopleforce_server.control("PUT", "switches", switches)

    return change


@pytest.fixture
def is_completed(peopleforce_server):
    return lambda task_id: peopleforce_server.control("GET", f"tasks/{task_id}")["completed"]


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (1, 1), (50, 1), (51, 2), (120, 3)])
def test_all_open_tasks_are_read_in_as_many_calls_as_there_are_pages(
    peopleforce, peopleforce_server, has, count, calls
):
    ids = has(count)
    has(3, completed=True)

    tasks = peopleforce.open_tasks()

    assert sorted(task.id for task in tasks) == ids
    assert not any(task.completed for task in tasks)
    assert peopleforce_server.calls() == {LIST: calls}


def test_pagination_may_also_be_flat(peopleforce, peopleforce_server, has, switch):
    switch(pagination="flat")
    ids = has(100)

    assert sorted(task.id for task in peopleforce.open_tasks()) == ids
    assert peopleforce_server.calls() == {LIST: 2}


@pytest.mark.parametrize("empty_list", ["array", "null"])
@pytest.mark.parametrize("empty_pages", [0, 1])
def test_no_task_at_all_is_no_error(peopleforce, switch, empty_list, empty_pages):
    switch(empty_list=empty_list, empty_pages=empty_pages)

    assert peopleforce.open_tasks() == []


@pytest.mark.parametrize("unset_person", ["absent", "null"])
def test_people_may_be_missing(peopleforce, peopleforce_server, switch, unset_person):
    switch(unset_person=unset_person)
    peopleforce_server.control("POST", "tasks", {"title": "Nobody's"})

    [task] = peopleforce.open_tasks()

    assert (task.title, task.assigned_to, task.associated_to) == ("Nobody's", None, None)


def test_a_task_about_a_candidate_says_so(peopleforce, peopleforce_server):
    about = {"type": "Candidate", "id": 90112, "full_name": "A. Nother", "email": "a@x.example"}
    peopleforce_server.control("POST", "tasks", {"title": "Call back", "associated_to": about})

    [task] = peopleforce.open_tasks()

    assert task.to_record()["associated_to"] == about


def test_a_task_made_while_the_pages_are_read_repeats_none(peopleforce, has, monkeypatch):
    ids = has(60)
    read = peopleforce.client.list_tasks

    def read_while_it_changes(completed, page):
        result = read(completed, page)
        if page == 1:
            has(2)
        return result

    monkeypatch.setattr(peopleforce.client, "list_tasks", read_while_it_changes)

    found = [task.id for task in peopleforce.open_tasks()]

    assert len(found) == len(set(found))
    assert set(ids) <= set(found)


def test_completed_tasks_come_page_by_page_and_only_as_far_as_asked(
    peopleforce, peopleforce_server, has
):
    ids = has(101, completed=True)

    [first] = itertools.islice(peopleforce.completed_pages(), 1)

    assert [task.id for task in first] == ids[:-51:-1]
    assert peopleforce_server.calls() == {LIST: 1}
    assert [len(page) for page in peopleforce.completed_pages()] == [50, 50, 1]


def test_a_list_without_end_is_given_up(peopleforce, has, monkeypatch):
    has(120)
    monkeypatch.setattr(service, "MAX_PAGES", 2)

    with pytest.raises(VendorUnavailableError, match="did not end after 2 pages"):
        peopleforce.open_tasks()


@pytest.mark.parametrize(
    "switches",
    [
        {"put_answer": "data"},
        {"put_answer": "bare"},
        {"put_answer": "empty"},
        {"repeat_put": "unprocessable", "unprocessable_body": "list"},
        {"repeat_put": "unprocessable", "unprocessable_body": "message"},
        {"repeat_put": "unprocessable", "unprocessable_body": "fields"},
    ],
)
def test_completing_and_reopening_can_be_repeated(peopleforce, has, switch, is_completed, switches):
    switch(**switches)
    [task_id] = has()

    for _ in range(2):
        peopleforce.complete(task_id)
        assert is_completed(task_id)
    for _ in range(2):
        peopleforce.reopen(task_id)
        assert not is_completed(task_id)


@pytest.mark.parametrize("body", ["message", "rails", "html", "empty"])
def test_a_deleted_task_is_not_found(peopleforce, switch, body):
    switch(not_found_body=body)

    with pytest.raises(VendorNotFoundError):
        peopleforce.complete(UNKNOWN_TASK)


def test_a_refusal_that_is_not_about_the_state_stays_one(peopleforce, peopleforce_server, has):
    [task_id] = has()
    peopleforce_server.fault(
        "status", method="PUT", status=422, body={"message": "Answer the form first"}
    )

    with pytest.raises(VendorRejectedError, match="Answer the form first"):
        peopleforce.complete(task_id)


def test_the_lists_say_whether_a_task_is_open_and_nothing_when_it_is_gone(
    peopleforce, peopleforce_server, has
):
    [gone] = has()
    [done] = has(completed=True)
    [still_open] = has()
    peopleforce_server.control("DELETE", f"tasks/{gone}")

    assert peopleforce.is_open(still_open) is True
    assert peopleforce.is_open(done) is False
    assert peopleforce.is_open(gone) is None


def test_a_created_task_can_be_read_back(peopleforce):
    employee = peopleforce.client.list_employees().employees[0]

    made = peopleforce.client.create_task(
        title="Order a badge",
        employee_id=employee.id,
        description_html="<b>Blue</b>",
        ends_on="2026-12-01",
    )

    assert peopleforce.open_tasks() == [made]
    assert (made.title, made.description_html, made.ends_on) == (
        "Order a badge", "<b>Blue</b>", "2026-12-01",
    )  # fmt: skip
    assert made.assigned_to.id == employee.id


def test_a_create_that_was_carried_out_and_never_answered_is_ambiguous(
    peopleforce, peopleforce_server
):
    employee = peopleforce.client.list_employees().employees[0]
    peopleforce_server.fault("drop_after_write", method="POST")

    with pytest.raises(VendorAmbiguousError):
        peopleforce.client.create_task(title="Once", employee_id=employee.id)

    assert [task.title for task in peopleforce.open_tasks()] == ["Once"]


def test_good_credentials_pass_and_bad_ones_do_not(peopleforce, peopleforce_access, rate_limit):
    peopleforce.check_credentials()

    wrong = PeopleForceAccess(peopleforce_access.base_url, type(peopleforce_access.api_key)("x"), 4)
    with pytest.raises(VendorCredentialsError, match="Bad Credentials"):
        PeopleForce(PeopleForceClient(wrong, rate_limit)).check_credentials()


@pytest.mark.parametrize("read_timeout", [0.8])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "html"}, VendorUnavailableError),
        ({"kind": "truncate", "length": "cut"}, VendorUnavailableError),
        ({"kind": "truncate", "length": "full", "times": 2}, VendorUnavailableError),
        ({"kind": "status", "status": 500}, VendorUnavailableError),
        ({"kind": "status", "status": 503, "times": 2}, VendorUnavailableError),
        ({"kind": "status", "status": 503, "retry_after": 1}, VendorUnavailableError),
        ({"kind": "slow_after_write", "seconds": SLOW}, VendorUnavailableError),
        ({"kind": "status", "status": 403}, VendorCredentialsError),
        ({"kind": "status", "status": 400, "body": "not JSON"}, VendorRejectedError),
    ],
)
def test_an_unreadable_list_is_an_error_and_never_an_empty_list(
    peopleforce, peopleforce_server, has, fault, error
):
    has(3)
    peopleforce_server.fault(**fault)

    with pytest.raises(error) as caught:
        peopleforce.open_tasks()
    assert type(caught.value) is error


def test_json_of_another_kind_is_no_list_either(peopleforce, has, monkeypatch):
    monkeypatch.setattr(
        peopleforce.client._session, "call", lambda *_, **__: {"success": False, "errors": []}
    )

    with pytest.raises(PayloadError):
        peopleforce.open_tasks()


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_429_is_read_in_both_forms(peopleforce, peopleforce_server, form):
    peopleforce_server.fault("status", status=429, retry_after=30, retry_after_as=form)

    with pytest.raises(VendorRateLimitedError) as caught:
        peopleforce.open_tasks()

    assert caught.value.retry_after == pytest.approx(29, abs=1)


def test_a_short_outage_during_a_read_is_bridged(peopleforce, peopleforce_server, has):
    ids = has(2)
    peopleforce_server.fault("status", status=502)

    assert sorted(task.id for task in peopleforce.open_tasks()) == ids


@pytest.mark.parametrize("read_timeout", [0.8])
@pytest.mark.parametrize("kind", ["drop_after_write", "slow_after_write"])
def test_a_lost_answer_to_completing_can_be_made_good_by_asking_again(
    peopleforce, peopleforce_server, has, is_completed, kind
):
    peopleforce_server.control("PUT", "switches", {"repeat_put": "unprocessable"})
    [task_id] = has()
    peopleforce_server.fault(kind, method="PUT", seconds=SLOW)

    with pytest.raises(VendorUnavailableError) as caught:
        peopleforce.complete(task_id)
    assert type(caught.value) is VendorUnavailableError

    peopleforce.complete(task_id)
    assert is_completed(task_id)


def test_the_service_is_built_from_the_settings(settings_env, redis_client, peopleforce_server):
    settings_env.setenv("IGW_SANDBOX_PEOPLEFORCE_PORT", peopleforce_server.url.rpartition(":")[2])
    get_settings.cache_clear()

    assert service.connect().open_tasks() == []
