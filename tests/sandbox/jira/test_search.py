"""Search: the lagging index, pages, refusals, and the JQL that programs use."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest


def test_a_new_issue_is_found_only_after_the_lag(api, clock):
    key = api.create(labels=["fresh"])
    assert api.get(f"/issue/{key}").status_code == 200
    assert api.keys("labels = fresh") == []
    clock.advance(2.1)
    assert api.keys("labels = fresh") == [key]


def test_an_edited_issue_is_shown_as_it_was(api, clock):
    clock.advance(5)
    api.put("/issue/HR-1", {"fields": {"summary": "Renamed"}})
    stale = api.post("/search/jql", {"jql": "key = HR-1", "fields": ["summary"]}).json()
    assert stale["issues"][0]["fields"]["summary"] != "Renamed"


def test_a_deleted_issue_is_found_until_the_lag_has_passed(api, clock):
    clock.advance(5)
    api.delete("/issue/HR-1")
    assert api.keys("key = HR-1") == ["HR-1"]
    clock.advance(2.1)
    assert api.keys("key = HR-1") == []


def test_reconciled_issues_are_seen_fresh(api):
    key = api.create(labels=["fresh"])
    number = int(api.get(f"/issue/{key}").json()["id"])
    assert api.keys("labels = fresh", reconcileIssues=[number]) == [key]
    assert api.keys("labels = fresh") == []


def test_by_default_only_ids_are_shown(api):
    answer = api.post("/search/jql", {"jql": "project = HR"}).json()
    assert answer.keys() == {"issues", "isLast"}
    assert all(issue.keys() == {"id"} for issue in answer["issues"])


def test_pages_follow_a_token_until_there_is_none(api, at_once):
    made = [api.create(labels=["many"]) for _ in range(5)]
    body = {"jql": "labels = many ORDER BY created ASC", "fields": ["summary"], "maxResults": 2}
    seen, token = [], None
    while True:
        page = api.post("/search/jql", body | ({"nextPageToken": token} if token else {})).json()
        seen += [issue["key"] for issue in page["issues"]]
        token = page.get("nextPageToken")
        assert page["isLast"] == (token is None)
        if token is None:
            break
    assert seen == made


def test_a_token_belongs_to_its_query(api):
    first = api.post("/search/jql", {"jql": "project = HR", "maxResults": 1}).json()
    other = {"jql": "project = IT", "nextPageToken": first["nextPageToken"]}
    for body in (other, {"jql": "project = HR", "nextPageToken": "nonsense"}):
        answer = api.post("/search/jql", body)
        assert answer.status_code == 400
        assert answer.json()["errorMessages"] == [
            "The provided next page token is invalid or expired."
        ]


def test_a_page_with_fields_holds_100_issues_at_most(api, at_once):
    update = {"fields": {"project": {"key": "HR"}, "issuetype": {"id": "10003"}, "summary": "x"}}
    for _ in range(3):
        api.post("/issue/bulk", {"issueUpdates": [update] * 50})
    body = {"jql": "project = HR", "maxResults": 5000}
    assert len(api.post("/search/jql", body).json()["issues"]) > 150
    assert len(api.post("/search/jql", body | {"fields": ["summary"]}).json()["issues"]) == 100


def test_search_by_get_takes_lists_in_both_forms(api, at_once):
    key = api.create(labels=["one"], properties=[{"key": "mark", "value": 1}])
    for fields in ("summary,labels", ["summary", "labels"]):
        found = api.get("/search/jql", jql="labels = one", fields=fields, properties="mark").json()
        (issue,) = found["issues"]
        assert issue["key"] == key
        assert issue["fields"].keys() == {"summary", "labels"}
        assert issue["properties"] == {"mark": 1}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"jql": ""}, "Unbounded JQL queries are not allowed here."),
        ({"jql": "ORDER BY created"}, "Unbounded JQL queries are not allowed here."),
        ({}, "Unbounded JQL queries are not allowed here."),
        ({"jql": "project = HR", "maxResults": 0}, "has to be between 1 and 5,000."),
        ({"jql": "project = HR", "maxResults": 5001}, "has to be between 1 and 5,000."),
        ({"jql": "project = HR", "startAt": 1}, "Invalid request payload."),
        ({"jql": "project = HR", "properties": list("abcdef")}, "properties"),
        ({"jql": "project HR"}, "Error in the JQL Query: Expecting operator"),
        ({"jql": "nonsense = 1"}, "Field 'nonsense' does not exist"),
        ({"jql": "assignee = a@b.example"}, "'@' is a reserved JQL character"),
        ({"jql": "updated >= '2026-02-11 09:40:30'"}, "Date value '2026-02-11 09:40:30'"),
        ({"jql": "project ~ HR"}, "not supported by the 'project' field"),
        ({"jql": "(project = HR"}, "Error in the JQL Query"),
        ({"jql": "project = HR project = IT"}, "Expecting either 'OR' or 'AND'"),
        ({"jql": 'summary ~ "open'}, "Error in the JQL Query"),
    ],
)
def test_a_wrong_search_is_refused(api, body, message):
    answer = api.post("/search/jql", body)
    assert answer.status_code == 400
    assert message in answer.json()["errorMessages"][0]


def test_the_old_search_is_gone(api):
    for answer in (api.get("/search", jql="project = HR"), api.post("/search", {"jql": "x"})):
        assert answer.status_code == 410
        assert "/rest/api/3/search/jql" in answer.json()["errorMessages"][0]


@pytest.fixture
def three(api, at_once):
    """Make three issues that differ, and say their names by key."""
    ann = api.get("/user/search", query="Marta").json()[0]["accountId"]
    return {
        api.create(summary="Order a laptop", labels=["pf-task-1"], duedate="2026-12-01"): "a",
        api.create(summary="Order a desk", labels=["pf-task-2", "x"]): "b",
        api.create(summary="Laptops: count them", assignee={"accountId": ann}): "c",
    }


@pytest.mark.parametrize(
    ("jql", "found"),
    [
        ('labels = "pf-task-1"', "a"),
        ("labels in (pf-task-1, pf-task-2)", "ab"),
        ("labels = PF-TASK-1", "a"),
        ("labels is EMPTY", "c"),
        ("labels != pf-task-1", "b"),
        ("not labels = pf-task-1", "bc"),
        ("labels not in (pf-task-1) OR assignee is not EMPTY", "bc"),
        ("summary ~ laptop", "a"),
        ("summary ~ 'laptop*'", "ac"),
        ("summary ~ 'order desk'", "b"),
        ("duedate = 2026-12-01", "a"),
        ("duedate <= '2026/11/30'", ""),
        ("duedate is not empty", "a"),
        ("assignee = 'marta.savchuk@acme.example'", "c"),
        ("reporter = currentUser() and labels = x", "b"),
        ("created >= -5m", "abc"),
        ("created <= -5m", ""),
        ("updated > '2020-01-01 10:00' AND (labels = x OR duedate > startOfDay())", "ab"),
        ("status = 'To Do' AND statusCategory = new", "abc"),
        ("statusCategory != Done", "abc"),
        ("statusCategory in (done, indeterminate)", ""),
        ("project = 'People Operations' AND issuetype = Task AND priority = Medium", "abc"),
        ("project = NOPE", ""),
        ("key = NOPE-1", ""),
        ("resolution = EMPTY", "abc"),
    ],
)
def test_a_query_finds_what_it_describes(api, three, jql, found):
    keys = api.keys(f"({jql}) AND key in ({', '.join(three)})")
    assert sorted(three[key] for key in keys) == list(found)


def test_results_come_in_the_order_asked_for(api, three):
    keys = f"key in ({', '.join(three)})"
    assert [three[key] for key in api.keys(f"{keys} ORDER BY summary")] == ["c", "b", "a"]
    assert [three[key] for key in api.keys(f"{keys} ORDER BY key DESC")] == ["c", "b", "a"]
    assert [three[key] for key in api.keys(f"{keys} ORDER BY duedate DESC, key")] == ["a", "b", "c"]


def test_dates_are_minutes_in_the_callers_zone(api, at_once):
    key = api.create(labels=["timed"])
    here = datetime.now(ZoneInfo("Europe/Kyiv"))
    minute = f"{here:%Y-%m-%d %H:%M}"
    later = f"{here + timedelta(minutes=2):%Y-%m-%d %H:%M}"
    assert api.keys(f'labels = timed AND updated >= "{minute}"') == [key]
    assert api.keys(f'labels = timed AND updated >= "{later}"') == []


def test_a_count_is_answered_without_issues(api):
    assert api.post("/search/approximate-count", {"jql": "project = HR"}).json() == {"count": 3}
