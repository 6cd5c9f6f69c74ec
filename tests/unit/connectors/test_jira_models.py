"""Issues, create screens and accounts, as Jira writes them."""

import pytest

from connectors.jira.accounts import pick
from connectors.jira.models import CreateField, Issue, Transition
from core.errors import PayloadError

STATUS = {"id": "10002", "name": "Finished", "statusCategory": {"id": 3, "key": "done"}}


def issue(**changes):
    return {
        "id": "10042",
        "key": "HR-7",
        "fields": {
            "status": STATUS,
            "summary": "Prepare laptop",
            "updated": "2026-02-11T09:41:22.104+0100",
            "project": {"id": "10000", "key": "HR"},
            "issuetype": {"id": "10003", "name": "Task"},
        },
        "properties": {"pf_sync_metadata": {"task_id": "7300412"}},
    } | changes


def test_an_issue_is_read():
    found = Issue.from_payload(issue())

    assert (found.id, found.key, found.project_key, found.issue_type_id) == (
        "10042", "HR-7", "HR", "10003",
    )  # fmt: skip
    assert (found.status_id, found.status_name, found.status_category) == (
        "10002", "Finished", "done",
    )  # fmt: skip
    assert found.done
    assert found.task_id == "7300412"


@pytest.mark.parametrize("properties", [None, {}, {"pf_sync_metadata": {}}, {"other": {}}])
def test_an_issue_without_our_property_belongs_to_no_task(properties):
    assert Issue.from_payload(issue(properties=properties)).task_id is None


def test_an_issue_may_lack_all_but_its_status():
    found = Issue.from_payload(issue(fields={"status": {"id": "1"}}))

    assert (found.project_key, found.status_category, found.done) == ("HR", "undefined", False)


@pytest.mark.parametrize(
    "payload", [None, {}, issue(id=None), issue(key=""), issue(fields={}), issue(fields=None)]
)
def test_an_issue_without_id_key_or_status_is_a_payload_error(payload):
    with pytest.raises(PayloadError):
        Issue.from_payload(payload)


@pytest.mark.parametrize("payload", [None, {"id": "1"}, {"id": "1", "to": {}}, {"to": {"id": "1"}}])
def test_a_transition_without_id_or_target_is_a_payload_error(payload):
    with pytest.raises(PayloadError):
        Transition.from_payload(payload)


def field(schema, **more):
    return CreateField.from_payload({"fieldId": "f", "required": True, "schema": schema} | more)


@pytest.mark.parametrize(
    ("schema", "rich"),
    [
        ({"type": "string", "system": "description"}, True),
        ({"type": "string", "system": "environment"}, True),
        ({"type": "string", "custom": "com.atlassian...customfieldtypes:textarea"}, True),
        ({"type": "string", "custom": "com.atlassian...customfieldtypes:textfield"}, False),
        ({"type": "string", "system": "summary"}, False),
    ],
)
def test_rich_text_is_told_by_the_field_and_never_by_its_type(schema, rich):
    assert field(schema).is_rich_text is rich


def test_a_required_field_with_a_default_need_not_be_sent():
    assert field({"type": "option"}).must_be_sent
    assert not field({"type": "priority"}, hasDefaultValue=True).must_be_sent


def test_no_allowed_values_and_none_left_are_two_things():
    assert field({"type": "string"}).allowed_values is None
    assert field({"type": "option"}, allowedValues=[]).allowed_values == ()


def user(account_id, **more):
    return {"accountId": account_id, "accountType": "atlassian", "active": True} | more


@pytest.mark.parametrize(
    ("users", "account"),
    [
        ([], None),
        ([user("1", emailAddress="Ann@Acme.example")], "1"),
        ([user("1", emailAddress="ann@acme.example.org")], None),
        ([user("1", emailAddress="ann@acme.example.org"), user("2")], "2"),
        ([user("1"), user("2", emailAddress="ann@acme.example")], "2"),
        ([user("1", emailAddress="")], "1"),
        ([user("1"), user("2")], None),
        ([user("1", active=False)], None),
        ([user("1", accountType="app"), user("2", accountType="customer")], None),
        ([{"accountType": "atlassian", "active": True}], None),
    ],
)
def test_an_e_mail_means_the_account(users, account):
    assert pick(users, "ann@acme.example") == account
