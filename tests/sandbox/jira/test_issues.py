"""Issues over plain HTTP: what is refused and in which words, what is shown, what is limited."""

import re
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

NOT_ON_SCREEN = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."
FAC = {
    "project": {"key": "FAC"},
    "issuetype": {"id": "10021"},
    "summary": "x",
    "customfield_10061": 5,
    "customfield_10062": "2026-12-01",
}
IT = {
    "project": {"key": "IT"},
    "issuetype": {"id": "10003"},
    "summary": "x",
    "customfield_10041": {"id": "10201"},
}
HR = {"project": {"key": "HR"}, "issuetype": {"id": "10003"}, "summary": "x"}


@pytest.mark.parametrize(
    ("fields", "field_id", "message"),
    [
        (HR | {"project": {"key": "NOPE"}}, "project", "Specify a valid project ID or key"),
        (HR | {"project": None}, "project", "Specify a valid project ID or key"),
        (HR | {"issuetype": None}, "issuetype", "Specify an issue type"),
        (HR | {"issuetype": {"id": "10021"}}, "issuetype", "Specify a valid issue type"),
        (HR | {"summary": ""}, "summary", "You must specify a summary of the issue."),
        (HR | {"summary": "x" * 255}, "summary", "Summary must be less than 255 characters."),
        (
            HR | {"summary": "a\nb"},
            "summary",
            "The summary is invalid because it contains newline characters.",
        ),
        (HR | {"summary": 5}, "summary", "Operation value must be a string"),
        (
            HR | {"description": "plain text"},
            "description",
            "Operation value must be an Atlassian Document (see the Atlassian Document Format)",
        ),
        (HR | {"labels": ["a b"]}, "labels", "The label 'a b' contains spaces which is invalid."),
        (HR | {"labels": "a"}, "labels", "data was not an array"),
        (HR | {"duedate": "01.12.2026"}, "duedate", "Error parsing date string: 01.12.2026"),
        (HR | {"duedate": "20261201"}, "duedate", "Error parsing date string: 20261201"),
        (HR | {"priority": {"id": "99"}}, "priority", "The priority selected is invalid."),
        (
            HR | {"priority": "High"},
            "priority",
            "Could not find valid 'id' or 'name' in priority object",
        ),
        (
            HR | {"assignee": {"accountId": "nobody"}},
            "assignee",
            "User 'nobody' cannot be assigned issues.",
        ),
        (HR | {"customfield_10041": {"id": "10201"}}, "customfield_10041", None),
        (HR | {"customfield_99999": "x"}, "customfield_99999", None),
        (HR | {"parent": {"key": "HR-1"}}, "parent", None),
        (
            HR | {"issuetype": {"id": "10004"}},
            "parent",
            "Issue type is a sub-task but parent issue key or id not specified.",
        ),
        (IT | {"customfield_10041": None}, "customfield_10041", "Office is required."),
        (
            IT | {"customfield_10041": {"id": "99"}},
            "customfield_10041",
            "Option id '99' is not valid",
        ),
        (
            IT | {"customfield_10041": {"value": "Paris"}},
            "customfield_10041",
            "Option value 'Paris' is not valid",
        ),
        (
            IT | {"customfield_10041": "Kyiv"},
            "customfield_10041",
            "Specify a valid 'id' or 'name' for Office",
        ),
        (
            IT | {"customfield_10042": {"value": "Mars"}},
            "customfield_10042",
            "Could not find valid 'id' or 'value' in the Parent Option object.",
        ),
        (IT | {"environment": None}, "environment", None),
        (FAC | {"customfield_10061": None}, "customfield_10061", "Budget, EUR is required."),
        (FAC | {"customfield_10061": "5"}, "customfield_10061", "Operation value must be a number"),
        (FAC | {"components": [{"name": "Z"}]}, "components", "Component name 'Z' is not valid"),
        (FAC | {"duedate": "2026-12-01"}, "duedate", None),
        (
            FAC | {"customfield_10063": [{"id": "1"}]},
            "customfield_10063",
            "Option id '1' is not valid",
        ),
    ],
)
def test_a_wrong_field_is_refused_in_jiras_words(api, fields, field_id, message):
    answer = api.post("/issue", {"fields": fields})
    assert answer.status_code == 400
    expected = message or NOT_ON_SCREEN.format(field_id)
    assert answer.json() == {"errorMessages": [], "errors": {field_id: expected}}


def test_all_wrong_fields_are_named_at_once(api):
    answer = api.post("/issue", {"fields": IT | {"customfield_10041": None, "labels": ["a b"]}})
    assert answer.json()["errors"].keys() == {"customfield_10041", "labels"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (None, "No Issue Create payload supplied"),
        ({"fields": HR, "surprise": 1}, "Invalid request payload. Refer to the REST API"),
        ({"fields": []}, "Invalid request payload. Refer to the REST API"),
        ([1], "Invalid request payload. Refer to the REST API"),
    ],
)
def test_a_body_of_the_wrong_form_is_refused(api, body, message):
    answer = api.post("/issue", body)
    assert answer.status_code == 400
    assert message in answer.text


def test_broken_json_is_told_without_field_errors(api):
    answer = api("POST", "/issue", data=b'{"fields":', headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json() == {
        "errorMessages": ["There was an error parsing JSON. Check that your request body is valid."]
    }


def test_a_malformed_document_is_refused_without_saying_where(api, document):
    broken = document("x")
    broken["content"][0]["content"][0]["text"] = ""
    answer = api.post("/issue", {"fields": HR | {"description": broken}})
    assert (answer.status_code, answer.json()) == (
        400,
        {"errorMessages": ["INVALID_INPUT"], "errors": {}},
    )


def test_too_long_a_text_is_refused(api, document):
    answer = api.post("/issue", {"fields": HR | {"description": document("x" * 32_768)}})
    assert "32,767" in answer.json()["errors"]["description"]


def test_values_read_back_in_jiras_form(api, document):
    key = api.create(
        "FAC",
        "10021",
        customfield_10061=5,
        customfield_10062="2026-12-01",
        customfield_10063=[{"value": "Desk"}, {"id": "10502"}],
        customfield_10064=document("Mind the step"),
        customfield_10065="2026-12-01T10:00:00.000+0000",
        components=[{"name": "Parking"}],
        labels=["b", "a", "b"],
    )
    fields = api.get(f"/issue/{key}").json()["fields"]

    assert re.search(r'"customfield_10061":\s*5\.0', api.get(f"/issue/{key}").text)
    assert [one["value"] for one in fields["customfield_10063"]] == ["Desk", "Chair"]
    assert fields["customfield_10064"] == document("Mind the step")
    assert fields["customfield_10065"] == "2026-12-01T12:00:00.000+0200"
    assert [one["id"] for one in fields["components"]] == ["10102"]
    assert fields["labels"] == ["a", "b"]
    assert fields["assignee"] is None
    assert "parent" not in fields
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}", fields["updated"])


def test_a_cascading_value_reads_back_with_its_child(api):
    lviv = {"id": "10300", "child": {"value": "Lviv"}}
    key = api.post("/issue", {"fields": IT | {"customfield_10042": lviv}}).json()["key"]
    place = api.get(f"/issue/{key}").json()["fields"]["customfield_10042"]
    assert (place["value"], place["child"]["value"], place["child"]["id"]) == (
        "Ukraine",
        "Lviv",
        "10302",
    )


def test_fields_and_properties_are_chosen_by_the_caller(api):
    key = api.create(properties=[{"key": "mark", "value": {"task": 1}}], labels=["a"])
    shown = api.get(f"/issue/{key}", fields="labels,summary,nonsense", properties="mark").json()
    assert shown["fields"] == {"labels": ["a"], "summary": "Anything"}
    assert shown["properties"] == {"mark": {"task": 1}}
    without = api.get(f"/issue/{key}", fields="-comment").json()["fields"]
    assert "comment" not in without
    assert "worklog" in without


def test_a_missing_issue_is_a_404_that_does_not_say_why(api):
    answer = api.get("/issue/HR-999")
    assert (answer.status_code, answer.json()["errorMessages"]) == (
        404,
        ["Issue does not exist or you do not have permission to see it."],
    )


def test_an_edit_answers_with_nothing_or_with_the_issue(api):
    quiet = api.put("/issue/HR-1", {"fields": {"summary": "A"}})
    assert (quiet.status_code, quiet.content) == (204, b"")
    full = api.put("/issue/HR-1", {"fields": {"summary": "B"}}, returnIssue="true")
    assert (full.status_code, full.json()["fields"]["summary"]) == (200, "B")


def test_an_edit_that_changes_nothing_leaves_no_trace(api):
    api.put("/issue/HR-1", {"fields": {"summary": "A"}})
    before = api.get("/issue/HR-1", fields="updated").json()
    api.put("/issue/HR-1", {"fields": {"summary": "A"}})
    assert api.get("/issue/HR-1", fields="updated").json() == before
    assert api.get("/issue/HR-1/changelog").json()["total"] == 1


def test_an_edit_that_is_partly_wrong_changes_nothing(api):
    answer = api.put(
        "/issue/HR-1",
        {"fields": {"summary": "A"}, "update": {"comment": [{"add": {"body": "not a document"}}]}},
    )
    assert answer.json()["errors"] == {"comment": "Comment body is not valid!"}
    assert api.get("/issue/HR-1").json()["fields"]["summary"] != "A"


@pytest.mark.parametrize(
    ("body", "field_id"),
    [
        ({"fields": {"summary": None}}, "summary"),
        (
            {"fields": {"labels": []}, "update": {"labels": [{"add": "a"}]}},
            "labels",
        ),
        ({"update": {"summary": [{"add": "a"}]}}, "summary"),
        ({"fields": {"environment": None}}, "environment"),
    ],
)
def test_a_wrong_edit_is_refused(api, body, field_id):
    answer = api.put("/issue/HR-1", body)
    assert answer.status_code == 400
    assert answer.json()["errors"].keys() == {field_id}


def test_the_history_names_what_changed(api):
    api.put("/issue/HR-1", {"fields": {"labels": ["b", "a"], "duedate": "2026-12-01"}})
    items = api.get("/issue/HR-1/changelog").json()["values"][0]["items"]
    assert [(item["fieldId"], item["fromString"], item["toString"]) for item in items] == [
        ("duedate", None, "2026-12-01"),
        ("labels", "", "a b"),
    ]


def test_a_subtask_keeps_its_parent_from_being_deleted(api):
    child = api.create("HR", "10004", parent={"key": "HR-1"})
    assert api.get(f"/issue/{child}").json()["fields"]["parent"]["key"] == "HR-1"
    assert api.delete("/issue/HR-1").status_code == 400
    assert api.delete("/issue/HR-1", deleteSubtasks="true").status_code == 204
    assert api.get(f"/issue/{child}").status_code == 404


def test_bulk_creation_fails_as_a_whole_only_when_every_issue_fails(api):
    bad = {"fields": HR | {"labels": ["a b"]}}
    some = api.post("/issue/bulk", {"issueUpdates": [bad, {"fields": HR}]})
    assert some.status_code == 201
    assert [one["failedElementNumber"] for one in some.json()["errors"]] == [0]
    none = api.post("/issue/bulk", {"issueUpdates": [bad, bad]})
    assert none.status_code == 400
    assert [one["failedElementNumber"] for one in none.json()["errors"]] == [0, 1]
    assert none.json()["issues"] == []


def test_bulk_creation_takes_50_issues_at_most(api):
    answer = api.post("/issue/bulk", {"issueUpdates": [{"fields": HR}] * 51})
    assert answer.status_code == 400
    assert api.post("/issue/bulk", {"issueUpdates": [{"fields": HR}] * 50}).status_code == 201


def test_a_transition_at_birth_that_fails_leaves_the_issue(api):
    made = api.post("/issue", {"fields": IT, "transition": {"id": "31"}})
    assert made.status_code == 201
    assert made.json()["transition"]["status"] == 400
    assert api.get(f"/issue/{made.json()['key']}").status_code == 200


def test_done_is_reached_only_by_the_ways_of_the_workflow(api):
    key = api.post("/issue", {"fields": IT}).json()["key"]
    url = f"/issue/{key}/transitions"

    too_soon = api.post(url, {"transition": {"id": "31"}})
    assert too_soon.json()["errorMessages"] == ["Transition id '31' is not valid for this issue."]
    assert api.post(url, {"transition": {"id": "11"}}).status_code == 204
    (done,) = [
        way
        for way in api.get(url, expand="transitions.fields").json()["transitions"]
        if way["to"]["statusCategory"]["key"] == "done"
    ]
    assert done["fields"]["resolution"]["required"]
    bare = api.post(url, {"transition": {"id": done["id"]}})
    assert bare.json()["errors"] == {"resolution": "Resolution is required."}
    off_screen = {"summary": "x", "resolution": {"name": "Done"}}
    refused = api.post(url, {"transition": {"id": done["id"]}, "fields": off_screen})
    assert refused.json()["errors"] == {"summary": NOT_ON_SCREEN.format("summary")}
    good = {"resolution": {"name": "Done"}}
    assert api.post(url, {"transition": {"id": done["id"]}, "fields": good}).status_code == 204
    assert api.get(f"/issue/{key}").json()["fields"]["resolutiondate"] is not None

    (reopen,) = api.get(url).json()["transitions"]
    assert api.post(url, {"transition": {"id": reopen["id"]}}).status_code == 204
    fields = api.get(f"/issue/{key}").json()["fields"]
    assert (fields["resolution"], fields["resolutiondate"]) == (None, None)


def test_a_transition_without_an_id_is_refused(api):
    answer = api.post("/issue/HR-1/transitions", {"transition": {}})
    assert answer.json()["errorMessages"] == ["Missing 'transition' identifier"]


def test_setting_a_property_leaves_the_time_of_update(api):
    before = api.get("/issue/HR-1", fields="updated").json()["fields"]
    assert api.put("/issue/HR-1/properties/mark", {"task": 1}).status_code == 201
    assert api.put("/issue/HR-1/properties/mark", {"task": 2}).status_code == 200
    assert api.get("/issue/HR-1/properties/mark").json() == {"key": "mark", "value": {"task": 2}}
    assert api.get("/issue/HR-1", fields="updated").json()["fields"] == before
    assert api.delete("/issue/HR-1/properties/mark").status_code == 204
    assert api.get("/issue/HR-1/properties/mark").status_code == 404


def test_fetching_many_issues_names_those_that_are_missing(api):
    answer = api.post("/issue/bulkfetch", {"issueIdsOrKeys": ["HR-2", "HR-1", "HR-99"]}).json()
    assert [issue["key"] for issue in answer["issues"]] == ["HR-1", "HR-2"]
    assert [error["id"] for error in answer["issueErrors"]] == ["HR-99"]


def test_one_issue_takes_20_writes_in_2_seconds(api, clock):
    for number in range(20):
        assert api.put("/issue/HR-1", {"fields": {"summary": f"{number}"}}).status_code == 204
    refused = api.put("/issue/HR-1", {"fields": {"summary": "too many"}})

    assert refused.status_code == 429
    assert refused.headers["RateLimit-Reason"] == "jira-per-issue-on-write"
    assert 1 <= int(refused.headers["Retry-After"]) <= 2
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["X-RateLimit-Reset"].endswith("Z")
    assert api.get("/issue/HR-1").json()["fields"]["summary"] == "19"
    assert api.put("/issue/HR-2", {"fields": {"summary": "other"}}).status_code == 204
    clock.advance(2)
    assert api.put("/issue/HR-1", {"fields": {"summary": "again"}}).status_code == 204


def test_one_issue_takes_100_writes_in_30_seconds(api, clock):
    for _ in range(5):
        for number in range(20):
            api.put("/issue/HR-1/properties/mark", number)
        clock.advance(2.5)
    assert api.put("/issue/HR-1/properties/mark", 1).status_code == 429
    clock.advance(30)
    assert api.put("/issue/HR-1/properties/mark", 1).status_code == 200


@pytest.fixture
def restless_threads():
    """Let threads take turns so often that a missing lock is noticed."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_concurrent_writes_do_not_lose_one_another(api, base, restless_threads):
    labels = [f"label-{number:02}" for number in range(18)]

    def add(label):
        other = type(api)(base, api.path)
        update = {"update": {"labels": [{"add": label}]}}
        return other.put("/issue/HR-1", update).status_code, other.create()

    with ThreadPoolExecutor(max_workers=9) as pool:
        results = list(pool.map(add, labels))

    assert {status for status, _ in results} == {204}
    assert len({key for _, key in results}) == len(labels)
    assert api.get("/issue/HR-1").json()["fields"]["labels"] == labels
