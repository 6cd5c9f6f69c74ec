"""Jira's connector: read, write, move, find, and tell apart what looks alike."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
import requests
from pydantic import SecretStr

from connectors.jira import service
from connectors.jira.service import LABEL, IssueDraft
from core.errors import (
    VendorConflictError,
    VendorCredentialsError,
    VendorNotFoundError,
    VendorRateLimitedError,
    VendorRejectedError,
    VendorUnavailableError,
)
from core.settings import get_settings

TRANSITION = "POST /rest/api/3/issue/<id_or_key>/transitions"
NEEDED = {
    "HR": {},
    "IT": {"customfield_10041": {"value": "Kyiv"}},
    "FAC": {"customfield_10061": 250, "customfield_10062": "2026-12-15"},
}


@pytest.fixture
def made(jira):
    """Make an issue in a project and give its id."""

    def make(project="HR", task_id="1"):
        fields = {"project": {"key": project}, "issuetype": {"name": "Task"}, "summary": "Work"}
        [outcome] = jira.create([IssueDraft(task_id, fields | NEEDED[project], {})])
        return outcome.id

    return make


def test_an_issue_is_read_with_status_type_and_task(jira, made):
    issue = jira.read(made())

    assert (issue.project_key, issue.status_category, issue.task_id) == ("HR", "new", "1")
    assert issue.issue_type_id == "10003"
    assert issue.fields["labels"] == [LABEL]
    assert issue.updated
    assert jira.read(issue.key) == issue


def test_only_named_fields_are_written(jira, made):
    issue_id = made()
    jira.update(issue_id, {"duedate": "2026-12-24"})
    jira.update(issue_id, {"summary": "Other work"})

    fields = jira.read(issue_id).fields
    assert (fields["summary"], fields["duedate"]) == ("Other work", "2026-12-24")


def test_an_issue_that_moved_to_another_project_keeps_its_id(jira, jira_server, made):
    issue_id = made()
    old_key = jira.read(issue_id).key
    jira_server.control("POST", f"issues/{issue_id}/relocate", {"project": "IT"})

    assert jira.read(issue_id).key != old_key
    assert jira.read(old_key).id == issue_id
    assert jira.read(issue_id).project_key == "IT"


def test_a_deleted_issue_is_not_found(jira, jira_server, made):
    issue_id = made()
    jira_server.control("DELETE", f"issues/{issue_id}")

    for attempt in (lambda: jira.read(issue_id), lambda: jira.update(issue_id, {"summary": "x"}),
                    lambda: jira.move(issue_id, done=True)):  # fmt: skip
        with pytest.raises(VendorNotFoundError):
            attempt()


def test_a_wrong_token_never_makes_an_issue_look_deleted(jira_to, jira_access, made):
    issue_id = made()
    stranger = jira_to(replace(jira_access, api_token=SecretStr("wrong")))

    for attempt in (lambda: stranger.read(issue_id), lambda: list(stranger.changed_since(10)),
                    lambda: stranger.account_id_for("ann@acme.example"),
                    stranger.check_credentials):  # fmt: skip
        with pytest.raises(VendorCredentialsError):
            attempt()


def test_a_locked_account_is_told_apart_from_an_empty_answer(jira, jira_server):
    headers = {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"}
    jira_server.fault("status", status=404, headers=headers, body={"errorMessages": ["No."]})

    with pytest.raises(VendorCredentialsError, match="AUTHENTICATION_DENIED"):
        jira.read("10042")


@pytest.mark.parametrize("path", ["/ex/jira/no-such-cloud", "/elsewhere"])
def test_a_404_of_something_else_than_jira_is_no_deleted_issue(jira_to, jira_access, path):
    astray = jira_to(replace(jira_access, base_url=f"{jira_access.base_url}{path}"))

    with pytest.raises(VendorUnavailableError, match="base URL"):
        astray.read("10042")


def test_a_page_with_404_is_no_deleted_issue(jira, jira_server, made):
    issue_id = made()
    jira_server.fault("status", status=404, body="<html>Oops</html>")

    with pytest.raises(VendorUnavailableError):
        jira.read(issue_id)


def test_the_site_may_be_reached_through_atlassians_gateway(jira_to, jira_access, jira_server):
    cloud_id = requests.get(f"{jira_server.url}/_edge/tenant_info", timeout=5).json()["cloudId"]
    base_url = f"{jira_access.base_url}/ex/jira/{cloud_id}"

    assert jira_to(replace(jira_access, base_url=base_url)).check_credentials()


def test_our_own_account_is_known(jira, jira_server):
    users = jira_server.control("GET", "schema/users")["users"]
    [ours] = [user["account_id"] for user in users if user["name"] == "Integration Gateway"]

    assert jira.check_credentials() == ours


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_call_needs_a_person(jira, jira_server, status):
    jira_server.fault("status", status=status, body="Client must be authenticated.")

    with pytest.raises(VendorCredentialsError):
        jira.read("1")


def test_too_many_writes_of_one_issue_do_not_pause_the_others(jira, jira_server, made):
    issue_id, other = made(), made()
    jira_server.fault(
        "status", status=429, method="PUT", retry_after=20,
        headers={"RateLimit-Reason": "jira-per-issue-on-write"},
    )  # fmt: skip

    with pytest.raises(VendorRateLimitedError) as caught:
        jira.update(issue_id, {"summary": "x"})

    assert caught.value.retry_after == 20
    jira.update(other, {"summary": "x"})


@pytest.mark.parametrize(
    ("project", "forth"),
    [
        ("HR", ("Done",)),
        ("IT", ("In Progress", "Done")),
        ("FAC", ("In Progress", "Review", "Done")),
    ],
)
def test_an_issue_goes_to_done_and_back_through_any_workflow(
    jira, jira_server, made, project, forth
):
    issue_id = made(project)

    outcome = jira.move(issue_id, done=True)
    assert (outcome.path, outcome.status_category, outcome.moved) == (forth, "done", True)
    assert jira.read(issue_id).done

    outcome = jira.move(issue_id, done=False)
    assert (outcome.path, outcome.status_category) == (("To Do",), "new")
    assert not jira.read(issue_id).done
    assert jira_server.calls()[TRANSITION] == len(forth) + 1


@pytest.mark.parametrize("done", [True, False])
def test_an_issue_that_is_there_already_is_not_written(jira, jira_server, made, done):
    issue_id = made()
    if done:
        jira.move(issue_id, done=True)
    before = jira_server.calls().get(TRANSITION, 0)

    outcome = jira.move(issue_id, done=done)

    assert (outcome.moved, outcome.path) == (False, ())
    assert jira_server.calls().get(TRANSITION, 0) == before


def test_work_in_progress_counts_as_open(jira, jira_server, made):
    issue_id = made()
    jira_server.control("POST", f"issues/{issue_id}/move", {"to": "In Progress"})

    assert not jira.move(issue_id, done=False).moved


@pytest.mark.parametrize("status", [400, 409])
def test_a_step_that_somebody_else_took_is_looked_at_again(jira, jira_server, made, status):
    issue_id = made("IT")
    jira_server.fault(
        "status", method="POST", path="*/transitions", status=status,
        body={"errorMessages": ["Transition id '11' is not valid for this issue."], "errors": {}},
    )  # fmt: skip

    assert jira.move(issue_id, done=True).status_category == "done"


@pytest.mark.parametrize(
    ("status", "error"), [(400, VendorRejectedError), (409, VendorConflictError)]
)
def test_a_step_refused_twice_is_an_error(jira, jira_server, made, status, error):
    issue_id = made()
    jira_server.fault("status", method="POST", path="*/transitions", status=status, times=2)

    with pytest.raises(error):
        jira.move(issue_id, done=True)


def test_without_a_way_the_error_says_where_and_what_there_is(jira, made, monkeypatch):
    issue_id = made("IT")
    ways = jira.client.get_transitions(issue_id)
    monkeypatch.setattr(jira.client, "get_transitions", lambda _: [])
    with pytest.raises(VendorRejectedError, match=r"from 'To Do' to a finished.*no transition"):
        jira.move(issue_id, done=True)

    monkeypatch.setattr(jira.client, "do_transition", lambda *_: None)
    monkeypatch.setattr(jira.client, "get_transitions", lambda _: ways)
    with pytest.raises(VendorRejectedError, match="'Start work' to 'In Progress'"):
        jira.move(issue_id, done=True)


def test_a_lost_answer_to_a_step_is_made_good_by_moving_again(jira, jira_server, made):
    issue_id = made()
    jira_server.fault("drop_after_write", method="POST", path="*/transitions")

    with pytest.raises(VendorUnavailableError) as caught:
        jira.move(issue_id, done=True)
    assert type(caught.value) is VendorUnavailableError

    assert not jira.move(issue_id, done=True).moved


def test_changed_issues_are_ours_recent_and_of_the_projects(jira, jira_server, made):
    first, second, third = made("HR", "1"), made("IT", "2"), made("FAC", "3")
    jira.update(first, {"summary": "Changed last"})

    assert [issue.id for issue in jira.changed_since(5)] == [second, third, first]
    assert [issue.task_id for issue in jira.changed_since(5, ["HR", "FAC"])] == ["3", "1"]


def test_an_account_is_found_once_and_remembered_without_the_address(
    jira, jira_server, redis_client
):
    users = jira_server.control("GET", "schema/users")["users"]
    ann = next(user for user in users if user["active"] and user["email_visible"])

    for email in (ann["email"], ann["email"].upper(), f" {ann['email']} "):
        assert jira.account_id_for(email) == ann["account_id"]

    assert jira_server.calls() == {"GET /rest/api/3/user/search": 1}
    [key] = redis_client.keys("igw:jira:account:*")
    assert ann["email"] not in key
    assert 86_000 < redis_client.ttl(key) <= 86_400


@pytest.mark.parametrize(
    "change",
    [None, {"active": False}, {"email_visible": False}],
    ids=["stranger", "left", "hidden"],
)
def test_who_cannot_be_found_is_asked_for_again_soon(jira, jira_server, redis_client, change):
    users = jira_server.control("GET", "schema/users")["users"]
    email = next(user["email"] for user in users if user["active"] and user["email_visible"])
    if change:
        jira_server.control("PATCH", f"schema/users/{email}", change)
    else:
        email = "nobody@acme.example"

    assert jira.account_id_for(email) is None
    assert jira.account_id_for(email) is None

    assert jira_server.calls() == {"GET /rest/api/3/user/search": 1}
    [key] = redis_client.keys("igw:jira:account:*")
    assert 500 < redis_client.ttl(key) <= 600


def test_an_app_is_nobody_to_assign_to(jira):
    assert jira.account_id_for("automation@acme.example") is None


def test_a_hidden_address_that_search_knows_is_believed(jira, jira_server):
    jira_server.control("PUT", "settings", {"hidden_mail_is_searchable": True})
    users = jira_server.control("GET", "schema/users")["users"]
    hidden = next(user for user in users if user["active"] and not user["email_visible"])

    assert jira.account_id_for(hidden["email"]) == hidden["account_id"]


def test_no_e_mail_is_no_call(jira, jira_server):
    assert jira.account_id_for("  ") is None
    assert jira_server.calls() == {}


def test_the_log_of_a_search_for_a_person_holds_no_address(jira, caplog):
    with caplog.at_level(logging.DEBUG):
        jira.account_id_for("nobody@acme.example")

    assert not [record for record in caplog.records if "nobody" in str(vars(record))]


@pytest.mark.parametrize("named", ["Task", "task", "10003"])
def test_the_create_screen_is_read_by_name_or_id_of_the_type(jira, named):
    fields = {field.id: field for field in jira.create_fields("IT", named)}

    office = fields["customfield_10041"]
    assert (office.name, office.type, office.must_be_sent) == ("Office", "option", True)
    assert "Kyiv" in [value["value"] for value in office.allowed_values]
    assert fields["summary"].must_be_sent
    assert fields["description"].is_rich_text
    assert not fields["priority"].must_be_sent


def test_a_long_create_screen_is_read_to_its_end(jira, jira_server, monkeypatch):
    monkeypatch.setattr("connectors.jira.client._METADATA_PAGE", 2)
    names = [field.id for field in jira.create_fields("IT", "Task")]

    assert len(names) == len(set(names)) > 10


def test_each_project_has_its_own_types(jira):
    assert {kind.name: kind.is_subtask for kind in jira.issue_types("HR")} == {
        "Task": False,
        "Sub-task": True,
    }
    assert jira.issue_type_id("FAC", "Task") != jira.issue_type_id("HR", "Task")


def test_an_unknown_type_is_refused_with_those_there_are(jira):
    with pytest.raises(VendorRejectedError, match="no issue type 'Story'; it has Task, Sub-task"):
        jira.create_fields("HR", "Story")


def test_an_unknown_project_is_an_error(jira):
    with pytest.raises((VendorRejectedError, VendorNotFoundError)):
        jira.issue_types("NOPE")


def test_permissions_tell_a_lost_right_from_a_deleted_issue(jira):
    assert jira.permissions("HR", ["CREATE_ISSUES", "EDIT_ISSUES"]) == {
        "CREATE_ISSUES": True,
        "EDIT_ISSUES": True,
    }


def test_the_service_is_built_from_the_settings(settings_env, redis_client, jira_server):
    settings_env.setenv("IGW_SANDBOX_JIRA_PORT", jira_server.url.rpartition(":")[2])
    get_settings.cache_clear()

    assert service.connect().check_credentials()
