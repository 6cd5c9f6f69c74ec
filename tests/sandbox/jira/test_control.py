"""The control API: a person's hand, an administrator's, and the hand that breaks things."""

import os
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from socket import socket

import pytest
import requests

from sandbox.common.documents import Documents
from sandbox.jira.site import JiraSite

CREDENTIALS = ("gateway@acme.example", "a-token")


def test_the_list_of_issues_shows_the_task_behind_each(api, control):
    note = {"key": "pf_sync_metadata", "value": {"task_id": 42}}
    key = api.create(properties=[note], labels=["PeopleForce"])
    listed = control.get("/issues", label="PeopleForce").json()
    assert listed["total"] == 1
    (issue,) = listed["issues"]
    assert (issue["key"], issue["task_id"], issue["statusCategory"]) == (key, 42, "new")
    assert {"HR"} == {
        one["project"] for one in control.get("/issues", project="HR").json()["issues"]
    }


def test_a_person_edits_an_issue_in_plain_text(api, control):
    by_hand = {"summary": "By hand", "description": "Two\n\nparts"}
    marta = "marta.savchuk@acme.example"
    changed = control.patch("/issues/HR-1", {"fields": by_hand, "actor": marta})
    assert changed.json()["summary"] == "By hand"
    document = api.get("/issue/HR-1").json()["fields"]["description"]
    assert len(document["content"]) == 2
    (change,) = api.get("/issue/HR-1/changelog").json()["values"]
    assert change["author"]["displayName"] == "Marta Savchuk"


@pytest.mark.parametrize(
    ("key", "to", "ending"),
    [
        ("HR-1", "Done", ("Done", 1)),
        ("IT-1", "done", ("Done", 2)),
        ("FAC-1", "Done", ("Done", 1)),
        ("FAC-1", "cancelled", ("Cancelled", 1)),
        ("FAC-2", "Review", ("Review", 3)),
        ("IT-3", "To Do", ("To Do", 1)),
        ("HR-3", "Done", ("Done", 0)),
    ],
)
def test_an_issue_is_moved_along_its_workflow(api, control, key, to, ending):
    moved = control.post(f"/issues/{key}/move", {"to": to}).json()
    steps = api.get(f"/issue/{key}/changelog").json()["total"]
    assert (moved["status"], steps) == ending


def test_an_issue_cannot_be_moved_to_where_no_way_leads(control):
    answer = control.post("/issues/HR-1/move", {"to": "Cancelled"})
    assert (answer.status_code, answer.json()["errorMessages"]) == (
        400,
        ["No way leads from here to 'Cancelled'."],
    )


def test_a_relocated_issue_is_found_by_its_old_key(api, control, receiver):
    before = api.get("/issue/HR-1").json()
    control.post("/issues/HR-1/relocate", {"project": "FAC"})
    after = api.get("/issue/HR-1").json()
    assert after["id"] == before["id"]
    assert after["key"].startswith("FAC-")
    (told,) = receiver.wait_for(1)
    assert told["body"]["changelog"]["items"][-1]["fromString"] == "HR-1"


def test_a_deleted_issue_is_gone(api, control):
    assert control.delete("/issues/HR-1").status_code == 204
    assert api.get("/issue/HR-1").status_code == 404


FIELDS = "/schema/projects/HR/types/Task/fields"


def test_a_field_becomes_required_and_leaves_the_screen(api, control):
    control.patch(f"{FIELDS}/duedate", {"required": True})
    refused = api.post("/issue", {"fields": hr()})
    assert refused.json()["errors"] == {"duedate": "Due date is required."}

    control.patch(f"{FIELDS}/duedate", {"on_screen": False})
    names = [one["fieldId"] for one in create_fields(api)]
    assert "duedate" not in names
    cornered = api.post("/issue", {"fields": hr(duedate="2026-12-01")}).json()["errors"]
    assert cornered["duedate"].startswith("Field 'duedate' cannot be set.")


def test_a_new_field_is_added_and_taken_away(api, control):
    made = control.post(
        FIELDS, {"name": "Cost centre", "kind": "select", "options": ["A", "B"], "required": True}
    ).json()
    field_id = made["field_id"]
    (shown,) = [one for one in create_fields(api) if one["fieldId"] == field_id]
    assert [one["value"] for one in shown["allowedValues"]] == ["A", "B"]
    assert field_id in api.post("/issue", {"fields": hr()}).json()["errors"]
    assert field_id in {one["id"] for one in api.get("/field").json()}

    assert control.delete(f"{FIELDS}/{field_id}").status_code == 204
    assert api.post("/issue", {"fields": hr()}).status_code == 201


def test_options_are_renamed_disabled_deleted_and_added(api, control):
    url = "/schema/projects/IT/types/Task/fields/customfield_10041"
    old = api.get("/issue/IT-1").json()["fields"]["customfield_10041"]
    assert old["value"] == "Kyiv"
    control.patch(
        url,
        {
            "rename_options": [{"value": "Kyiv", "to": "Kyiv, Podil"}],
            "disable_options": ["Lviv"],
            "delete_options": ["Remote"],
            "add_options": ["Gdansk"],
        },
    )
    fields = api.get("/issue/createmeta/IT/issuetypes/10003").json()["fields"]
    (office,) = [one for one in fields if one["fieldId"] == "customfield_10041"]
    offered = [one["value"] for one in office["allowedValues"]]
    assert offered == ["Kyiv, Podil", "Warsaw", "Berlin", "Lisbon", "Gdansk"]
    assert api.get("/issue/IT-1").json()["fields"]["customfield_10041"]["value"] == "Kyiv, Podil"


def test_an_issue_type_is_removed_and_restored(api, control):
    assert control.delete("/schema/projects/HR/types/Task").status_code == 204
    refused = api.post("/issue", {"fields": hr()})
    assert refused.json()["errors"] == {"issuetype": "Specify a valid issue type"}
    assert api.get("/issue/HR-1").status_code == 200
    assert control.post("/schema/projects/HR/types/Task/restore").status_code == 204
    assert api.post("/issue", {"fields": hr()}).status_code == 201


def test_an_archived_project_is_out_of_sight(api, control):
    control.patch("/schema/projects/HR", {"archived": True})
    assert api.get("/project/HR").status_code == 404
    assert api.get("/issue/HR-1").status_code == 404
    assert api.keys("project = HR") == []
    refused = api.post("/issue", {"fields": hr()})
    assert refused.json()["errors"] == {"project": "Specify a valid project ID or key"}


def test_a_deactivated_person_can_no_longer_be_assigned(api, control):
    marta = api.get("/user/search", query="Marta").json()[0]
    control.patch(f"/schema/users/{marta['emailAddress']}", {"active": False})
    refused = api.post("/issue", {"fields": hr(assignee={"accountId": marta["accountId"]})})
    assert refused.json()["errors"].keys() == {"assignee"}


def test_the_lag_of_the_index_can_be_changed(api, control):
    assert control.put("/settings", {"index_lag_seconds": 0}).json()["index_lag_seconds"] == 0
    key = api.create(labels=["fresh"])
    assert api.keys("labels = fresh") == [key]
    wrong = ({"no_such": 1}, {"index_lag_seconds": -1}, {"time_zone": "Mars/Base"})
    assert [control.put("/settings", one).status_code for one in wrong] == [400, 400, 400]


def test_a_reset_begins_again_with_the_seed(api, control, receiver):
    api.create()
    control.delete("/issues/HR-1")
    assert control.post("/reset").status_code == 204
    assert control.get("/issues").json()["total"] == 8
    assert api.create() == "HR-4"


def test_a_dropped_answer_leaves_the_issue_behind(api, control, at_once):
    control.post(
        "/faults",
        {"kind": "drop_after_write", "method": "POST", "path": "/rest/api/3/issue", "times": 1},
    )
    with pytest.raises(requests.ConnectionError):
        api.create(labels=["lost-answer"])
    assert len(api.keys("labels = lost-answer")) == 1


def test_a_fault_does_not_hold_up_other_callers(api, control, base):
    control.post("/faults", {"kind": "latency", "path": "*/issue/HR-2", "seconds": 2})
    with pytest.raises(requests.Timeout):
        requests.get(f"{base}/rest/api/3/issue/HR-2", auth=CREDENTIALS, timeout=0.2)
    answer = api.get("/issue/HR-1")
    assert answer.status_code == 200
    assert answer.elapsed < timedelta(seconds=1)


def test_calls_are_counted_by_route(api, control):
    control.delete("/calls")
    api.create()
    api.get("/issue/HR-1")
    api.get("/issue/HR-2")
    assert control.get("/calls").json()["calls"] == {
        "GET /rest/api/3/issue/<id_or_key>": 2,
        "POST /rest/api/3/issue": 1,
    }


def test_a_restart_finds_everything_again(tmp_path):
    path = tmp_path / "jira.sqlite3"
    email, token = CREDENTIALS
    first = JiraSite(Documents(path), email=email, token=token)
    first.settings.index_lag_seconds = 7
    first.save_settings()
    first.projects["10000"].archived = True
    first.save_project(first.projects["10000"])
    first.remove_issue(first.issues["10200"])

    second = JiraSite(Documents(path), email=email, token=token)
    for name in ("issues", "projects", "fields", "types", "users", "settings"):
        assert getattr(second, name) == getattr(first, name), name
    assert second.next_number("issue", 10200) == 10208


def test_the_command_serves_until_it_is_stopped(tmp_path):
    with closing(socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"SANDBOX_JIRA_TOKEN": "from-the-environment"}
    command = [sys.executable, "-m", "sandbox.jira", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--data-dir", str(tmp_path), "--webhook-url", "http://127.0.0.1:9/"],
        env=environment,
    )
    try:
        auth = ("gateway@acme.example", "from-the-environment")
        url = f"http://127.0.0.1:{port}/rest/api/3/myself"
        assert eventually(lambda: requests.get(url, auth=auth, timeout=5)).status_code == 200
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0


def eventually(call):
    """Return what `call` returns once there is a server to call."""
    give_up_at = time.monotonic() + 20
    while True:
        try:
            return call()
        except requests.ConnectionError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.05)


def hr(**fields):
    return {"project": {"key": "HR"}, "issuetype": {"id": "10003"}, "summary": "x"} | fields


def create_fields(api):
    return api.get("/issue/createmeta/HR/issuetypes/10003").json()["fields"]
