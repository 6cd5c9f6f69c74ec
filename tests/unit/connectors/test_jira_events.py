"""Deliveries of Jira's webhooks, in the shapes in which they come."""

import pytest

from connectors.jira.events import Change, IssueEvent
from core.errors import PayloadError

ANN = {"accountId": "5b10a", "displayName": "Ann Bo", "accountType": "atlassian"}


def updated(**changes):
    return {
        "timestamp": 1771234567890,
        "webhookEvent": "jira:issue_updated",
        "issue_event_type_name": "issue_generic",
        "user": ANN,
        "issue": {"id": "10042", "key": "HR-7", "fields": {"summary": "Prepare laptop"}},
        "changelog": {
            "id": "10930",
            "items": [
                {"field": "status", "fieldtype": "jira", "fieldId": "status", "from": "10000",
                 "fromString": "To Do", "to": "10002", "toString": "Done"},
                {"field": "Office", "fieldtype": "custom", "fieldId": "customfield_10041",
                 "from": None, "fromString": None, "to": "10202", "toString": "Lviv"},
            ],
        },
    } | changes  # fmt: skip


def test_an_update_tells_issue_actor_and_changes():
    event = IssueEvent.from_payload(updated())

    assert (event.event, event.issue_id, event.issue_key, event.actor_id) == (
        "jira:issue_updated", "10042", "HR-7", "5b10a",
    )  # fmt: skip
    assert event.status_changed
    assert event.changes[1] == Change("customfield_10041", None, "10202", None, "Lviv")


@pytest.mark.parametrize("changelog", [None, {}, {"items": None}, {"items": ["?"]}, []])
def test_an_update_may_come_without_changes(changelog):
    event = IssueEvent.from_payload(updated(changelog=changelog))

    assert event.changes == ()
    assert not event.status_changed


def test_a_change_of_a_status_like_name_is_no_change_of_status():
    items = [{"field": "status", "fieldId": "customfield_10050", "to": "x"}]

    assert not IssueEvent.from_payload(updated(changelog={"items": items})).status_changed


def test_the_actor_of_a_comment_is_its_last_author():
    payload = {
        "webhookEvent": "comment_updated",
        "comment": {"author": {"accountId": "first"}, "updateAuthor": {"accountId": "last"}},
        "issue": {"id": "10042", "key": "HR-7"},
    }

    assert IssueEvent.from_payload(payload).actor_id == "last"


def test_some_events_name_no_actor():
    assert IssueEvent.from_payload(updated(user=None)).actor_id is None


def test_an_id_may_be_a_number():
    assert IssueEvent.from_payload(updated(issue={"id": 10042})).issue_id == "10042"


@pytest.mark.parametrize("issue", [None, {}, {"id": None}, {"id": True}, {"id": ""}])
def test_an_issue_event_without_an_issue_is_a_payload_error(issue):
    with pytest.raises(PayloadError, match=r"issue\.id"):
        IssueEvent.from_payload(updated(issue=issue))
