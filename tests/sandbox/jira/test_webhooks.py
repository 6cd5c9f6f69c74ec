"""Webhooks: what is sent, how it is signed, when it is tried again, and how it can go wrong."""

import hashlib
import hmac

import pytest

from sandbox.common.documents import Documents
from sandbox.jira.events import Event
from sandbox.jira.site import JiraSite
from sandbox.jira.webhooks import Dispatcher, signature

SECRET = "It's a Secret to Everybody"


def test_the_signature_is_the_published_one():
    assert signature(SECRET, b"Hello World!") == (
        "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
    )


def test_a_creation_is_told_in_the_style_of_version_2(api, receiver, document):
    key = api.create(description=document("Für Zoë"), labels=["pf-task-42"])
    (one,) = receiver.wait_for(1)
    body, headers = one["body"], one["headers"]

    digest = hmac.new(SECRET.encode(), one["raw"], hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature"] == f"sha256={digest}"
    assert headers["X-Atlassian-Webhook-Identifier"]
    assert headers["X-Atlassian-Webhook-Flow"] == "Primary"
    assert "X-Atlassian-Webhook-Retry" not in headers
    assert headers["User-Agent"] == "Atlassian Webhook HTTP Client"
    assert (body["webhookEvent"], body["issue_event_type_name"]) == (
        "jira:issue_created",
        "issue_created",
    )
    assert body["issue"]["key"] == key
    assert body["issue"]["fields"]["description"] == "Für Zoë"
    assert "/rest/api/2/" in body["issue"]["self"]
    assert body["user"]["accountId"] == api.get("/myself").json()["accountId"]
    assert "emailAddress" not in body["user"]
    assert isinstance(body["timestamp"], int)


def test_a_transition_is_told_with_its_changes(control, api, receiver):
    control.post("/issues/HR-1/move", {"to": "Done"})
    (one,) = receiver.wait_for(1)
    body = one["body"]
    assert (body["webhookEvent"], body["issue_event_type_name"]) == (
        "jira:issue_updated",
        "issue_generic",
    )
    changed = {item["field"]: item["toString"] for item in body["changelog"]["items"]}
    assert changed == {"resolution": "Done", "status": "Done"}
    assert body["user"]["accountId"] != api.get("/myself").json()["accountId"]


def test_a_comment_raises_two_events(api, receiver, document):
    api.post("/issue/HR-1/comment", {"body": document("Ordered")})
    events = {one["body"]["webhookEvent"]: one["body"] for one in receiver.wait_for(2)}
    assert events.keys() == {"comment_created", "jira:issue_updated"}
    told = events["comment_created"]
    assert told["comment"]["body"] == "Ordered"
    assert "user" not in told
    assert told["issue"]["fields"].keys() == {
        "summary", "issuetype", "project", "assignee", "priority", "status",
    }  # fmt: skip
    assert "changelog" not in events["jira:issue_updated"]


def test_a_deletion_is_told_with_the_last_state(api, receiver):
    api.delete("/issue/HR-1")
    (one,) = receiver.wait_for(1)
    assert one["body"]["webhookEvent"] == "jira:issue_deleted"
    assert one["body"]["issue"]["fields"]["comment"]["total"] == 0
    assert "changelog" not in one["body"]


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503])
def test_a_failed_delivery_is_tried_again_under_the_same_identifier(api, receiver, status):
    receiver.answers.extend([status, status])
    api.create()
    attempts = [one["headers"] for one in receiver.wait_for(3)]
    assert len({one["X-Atlassian-Webhook-Identifier"] for one in attempts}) == 1
    assert [one.get("X-Atlassian-Webhook-Retry") for one in attempts] == [None, "1", "2"]


@pytest.mark.parametrize("status", [400, 401, 404, 413])
def test_a_refused_delivery_is_not_tried_again(api, control, receiver, status):
    receiver.answers.append(status)
    api.create()
    api.create()
    receiver.wait_for(2)
    identifiers = {one["headers"]["X-Atlassian-Webhook-Identifier"] for one in receiver.received}
    assert len(identifiers) == 2


def test_after_five_retries_a_delivery_is_lost(api, control, receiver, dispatcher):
    receiver.answers.extend([503] * 6)
    api.create()
    receiver.wait_for(6)
    api.create()
    receiver.wait_for(7)
    assert "X-Atlassian-Webhook-Retry" not in receiver.received[6]["headers"]
    lost = next(
        one for one in control.get("/webhooks").json()["deliveries"] if one["answers"] == [503] * 6
    )
    assert lost["state"] == "lost"


def test_an_edit_that_changes_nothing_is_not_told(api, receiver):
    summary = api.get("/issue/HR-1").json()["fields"]["summary"]
    api.put("/issue/HR-1", {"fields": {"summary": summary}})
    api.create()
    receiver.wait_for(1)
    assert receiver.names() == ["jira:issue_created"]


def test_a_dropped_delivery_never_comes(api, control, receiver):
    control.put("/webhooks", {"drop_next": 1})
    dropped = api.create()
    sent = api.create()
    (one,) = receiver.wait_for(1)
    assert one["body"]["issue"]["key"] == sent
    states = {
        delivery["issue"]: delivery["state"]
        for delivery in control.get("/webhooks").json()["deliveries"]
    }
    assert states[dropped] == "dropped"


def test_a_duplicate_has_the_same_identifier_and_body(api, control, receiver):
    control.put("/webhooks", {"duplicate_next": 1})
    api.create()
    one, other = receiver.wait_for(2)
    name = "X-Atlassian-Webhook-Identifier"
    assert one["headers"][name] == other["headers"][name]
    assert one["raw"] == other["raw"]


def test_a_window_of_deliveries_is_shuffled(api, control, receiver):
    control.put("/webhooks", {"reorder_window": 4})
    made = [api.create() for _ in range(4)]
    came = [one["body"]["issue"]["key"] for one in receiver.wait_for(4)]
    assert sorted(came) == sorted(made)
    assert came != made


def test_a_window_that_does_not_fill_is_sent_all_the_same(api, control, receiver):
    control.put("/webhooks", {"reorder_window": 50})
    api.create()
    receiver.wait_for(1)


def test_paused_webhooks_wait(api, control, receiver):
    control.put("/webhooks", {"paused": True})
    api.create()
    assert control.get("/webhooks").json()["waiting"] == 1
    assert receiver.received == []
    control.put("/webhooks", {"paused": False})
    receiver.wait_for(1)


def test_an_unknown_control_is_refused(control):
    for body in ({"no_such": 1}, {"drop_probability": 2}):
        assert control.put("/webhooks", body).status_code == 400


def test_waiting_webhooks_outlive_a_restart(tmp_path, receiver, site):
    documents = Documents(tmp_path / "jira.sqlite3")
    first = JiraSite(documents, email="gateway@acme.example", token="t")
    for webhook in site.webhooks.values():
        first.save_webhook(webhook)
    stopped = Dispatcher(first, documents)
    stopped.configure({"paused": True})
    from_issue = next(iter(first.issues.values()))
    stopped.announce(Event("jira:issue_deleted", from_issue, first.gateway), "http://127.0.0.1")
    stopped.stop()

    second = JiraSite(documents, email="gateway@acme.example", token="t")
    begun_again = Dispatcher(second, documents)
    try:
        (one,) = receiver.wait_for(1)
    finally:
        begun_again.stop()
    assert one["body"]["issue"]["key"] == from_issue.key


def test_a_registered_webhook_hears_of_the_issues_its_filter_names(api, base, receiver, site):
    site.webhooks.clear()
    rest = type(api)(base, "/rest/webhooks/1.0")
    made = rest.post(
        "/webhook",
        {
            "name": "only IT",
            "url": f"{receiver.url}?key=${{issue.key}}",
            "events": ["jira:issue_updated"],
            "filters": {"issue-related-events-section": "project = IT"},
            "excludeBody": True,
            "secret": "s",
        },
    )
    assert made.status_code == 201
    assert made.json()["isSigned"] is True
    assert "secret" not in made.json()

    api.put("/issue/HR-1", {"fields": {"summary": "not told"}})
    api.put("/issue/IT-1", {"fields": {"summary": "told"}})
    (one,) = receiver.wait_for(1)
    assert one["query"] == "key=IT-1"
    assert one["raw"] == b""
    assert one["headers"]["X-Hub-Signature"] == signature("s", b"")

    assert api.session.delete(made.json()["self"], timeout=5).status_code == 204
    assert rest.get("/webhook").json() == []


def test_webhooks_are_registered_by_administrators_only(anonymous, base):
    rest = type(anonymous)(base, "/rest/webhooks/1.0", auth=None)
    assert rest.get("/webhook").status_code == 401
    assert rest.post("/webhook", {"name": "x", "url": "http://127.0.0.1/"}).status_code == 401
