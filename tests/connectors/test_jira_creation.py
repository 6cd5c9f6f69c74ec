"""Issues are made once, and what became of each is known, or known to be unknown."""

from __future__ import annotations

import pytest

from connectors.jira.adf import adf_to_text, html_to_adf
from connectors.jira.service import LABEL, PROPERTY, Created, IssueDraft, Refused
from core.errors import (
    VendorAmbiguousError,
    VendorCredentialsError,
    VendorError,
    VendorRateLimitedError,
    VendorUnavailableError,
)

SINGLE, BULK = "POST /rest/api/3/issue", "POST /rest/api/3/issue/bulk"
SLOW = 1.6  # Seconds; longer than a connector waits with the timeout set below.


def draft(task_id, **fields):
    usual = {"project": {"key": "HR"}, "issuetype": {"name": "Task"}, "summary": f"Task {task_id}"}
    return IssueDraft(str(task_id), usual | fields, {"hash": f"h{task_id}"})


def drafts(count):
    return [draft(number) for number in range(count)]


WRONG = {"duedate": "tomorrow"}


@pytest.fixture
def ours(jira_server):
    """The issues of the stand-in that bear our label, oldest first."""
    return lambda: jira_server.control("GET", f"issues?label={LABEL}")["issues"]


def test_one_draft_is_one_call_and_carries_label_and_property(jira, jira_server, ours):
    [outcome] = jira.create([draft(7, labels=["hr"], description=html_to_adf("<b>Now</b>"))])

    [issue] = ours()
    assert outcome == Created(issue["id"], issue["key"])
    assert issue["labels"] == sorted(["hr", LABEL])
    assert issue["properties"] == {PROPERTY: {"task_id": "7", "hash": "h7"}}
    assert adf_to_text(jira.client.get_issue(issue["id"], ["*all"]).fields["description"]) == "Now"
    assert jira_server.calls()[SINGLE] == 1


@pytest.mark.parametrize(
    ("count", "calls"), [(2, {BULK: 1}), (50, {BULK: 1}), (101, {BULK: 2, SINGLE: 1})]
)
def test_more_drafts_are_made_fifty_a_call_in_order(jira, jira_server, ours, count, calls):
    outcomes = jira.create(drafts(count))

    assert [outcome.key for outcome in outcomes] == [issue["key"] for issue in ours()]
    assert [issue["task_id"] for issue in ours()] == [str(number) for number in range(count)]
    assert jira_server.calls() == calls


def test_no_draft_is_no_call(jira, jira_server):
    assert jira.create([]) == []
    assert jira_server.calls() == {}


def test_a_single_refusal_names_the_field(jira):
    [outcome] = jira.create([draft(1, **WRONG)])

    assert isinstance(outcome, Refused)
    assert list(outcome.field_errors) == ["duedate"]


def test_a_refused_issue_keeps_no_other_from_being_made(jira):
    outcomes = jira.create([draft(0), draft(1, **WRONG), draft(2), draft(3, summary=""), draft(4)])

    assert [type(outcome) for outcome in outcomes] == [Created, Refused, Created, Refused, Created]
    assert list(outcomes[1].field_errors) == ["duedate"]
    assert list(outcomes[3].field_errors) == ["summary"]
    assert [jira.read(outcomes[n].id).task_id for n in (0, 2, 4)] == ["0", "2", "4"]


def test_when_all_are_refused_each_says_why(jira, ours):
    outcomes = jira.create([draft(0, **WRONG), draft(1, issuetype={"name": "Nope"})])

    assert [list(outcome.field_errors) for outcome in outcomes] == [["duedate"], ["issuetype"]]
    assert ours() == []


def test_a_bulk_refused_as_a_whole_is_made_one_by_one(jira, jira_server, ours):
    body = {"errorMessages": ["Invalid request payload."], "errors": {}}
    jira_server.fault("status", method="POST", path="*/bulk", status=400, body=body)

    outcomes = jira.create([draft(0), draft(1, **WRONG), draft(2)])

    assert [type(outcome) for outcome in outcomes] == [Created, Refused, Created]
    assert len(ours()) == 2


@pytest.mark.parametrize("read_timeout", [0.8])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop_after_write"},
        {"kind": "slow_after_write", "seconds": SLOW},
        {"kind": "truncate", "length": "full"},
        {"kind": "truncate", "length": "cut"},
    ],
)
def test_a_lost_answer_is_ambiguous_and_the_issues_can_be_found(jira, jira_server, fault, count):
    jira_server.fault(**fault, method="POST")

    with pytest.raises(VendorAmbiguousError):
        jira.create(drafts(count))

    found = jira.find_created("HR", 10, {str(number) for number in range(count)})
    assert sorted(found) == sorted(str(number) for number in range(count))


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    "fault", [{"kind": "html"}, {"kind": "status", "status": 500}, {"kind": "status"}]
)
def test_an_answer_that_proves_nothing_is_ambiguous(jira, jira_server, ours, fault, count):
    jira_server.fault(**fault, method="POST")

    with pytest.raises(VendorAmbiguousError):
        jira.create(drafts(count))

    assert ours() == []


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("status", "error"), [(429, VendorRateLimitedError), (403, VendorCredentialsError)]
)
def test_a_refusal_before_anything_happened_is_not_ambiguous(
    jira, jira_server, status, error, count
):
    jira_server.fault("status", method="POST", status=status)

    with pytest.raises(VendorError) as caught:
        jira.create(drafts(count))
    assert type(caught.value) is error


def test_what_stops_half_way_is_ambiguous_whatever_it_was(jira, jira_server, ours):
    jira_server.fault("status", method="POST", path="*/issue", status=429)

    with pytest.raises(VendorAmbiguousError, match="429"):
        jira.create(drafts(51))

    assert len(ours()) == 50


def test_what_stops_before_the_first_issue_is_told_as_it_is(jira, jira_server, ours):
    jira_server.fault("status", method="POST", path="*/bulk", status=400)
    jira_server.fault("status", method="POST", path="*/issue", status=429)

    with pytest.raises(VendorRateLimitedError):
        jira.create(drafts(2))

    assert ours() == []


@pytest.mark.parametrize(
    "answer",
    [
        {"issues": []},
        {"issues": [{"id": "1", "key": "HR-1"}]},
        {"issues": [{"id": "1", "key": "HR-1"}, {"id": "2"}]},
        {"issues": None},
        {"issues": [{"id": "1", "key": "A-1"}], "errors": [{"failedElementNumber": 7}]},
        {"issues": [{"id": "1", "key": "A-1"}], "errors": [{"elementErrors": {}}]},
    ],
)
def test_an_answer_that_does_not_add_up_is_ambiguous(jira, monkeypatch, answer):
    monkeypatch.setattr(jira.client, "create_issues", lambda _: answer)

    with pytest.raises(VendorAmbiguousError):
        jira.create(drafts(2))


def test_only_our_recent_issues_of_that_project_are_found(jira, jira_server):
    made = jira.create(drafts(2))
    again = jira.create([draft(0)])
    fields = {"project": {"key": "HR"}, "issuetype": {"name": "Task"}, "summary": "A person's"}
    jira_server.control("POST", "issues", {"fields": fields | {"labels": [LABEL]}})

    found = jira.find_created("HR", 10, {"0", "5"})

    assert found == {"0": [(again[0].id, again[0].key), (made[0].id, made[0].key)]}
    assert jira.find_created("IT", 10, {"0"}) == {}


def test_all_pages_of_a_search_are_read(jira):
    for start in (0, 50, 100):
        jira.create([draft(number) for number in range(start, start + 50)])

    assert len(jira.find_created("HR", 10, {str(number) for number in range(150)})) == 150


def test_search_learns_of_an_issue_later_and_a_single_read_at_once(jira, jira_server):
    jira_server.control("PUT", "settings", {"index_lag_seconds": 60})

    [made] = jira.create([draft(0)])

    assert jira.find_created("HR", 10, {"0"}) == {}
    assert jira.read(made.id).task_id == "0"


def test_a_search_that_cannot_be_read_is_an_error(jira, jira_server):
    jira_server.fault("html", path="*/search/jql")

    with pytest.raises(VendorUnavailableError):
        jira.find_created("HR", 10, {"0"})


def test_the_name_of_a_project_is_no_query(jira):
    [made] = jira.create([draft(0)])

    assert jira.find_created("HR", 10, {"0"}) == {"0": [(made.id, made.key)]}
    assert jira.find_created('X" OR project = "HR', 10, {"0"}) == {}
