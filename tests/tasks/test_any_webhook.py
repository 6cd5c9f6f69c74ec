"""Whatever of Jira's was accepted, a worker comes to an end with."""

from __future__ import annotations

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.models import DeliveryState
from core.settings import SANDBOX_WEBHOOK_SECRET
from tests.gateway.conftest import sign
from tests.gateway.test_any_input import as_object, odd_events

KNOWN_WAITS = ("its create may be being written down", "found to be", "somebody else is working")

TEXTS = st.sampled_from(
    ['"HR-7"', '"HR-7\\u0000"', '"HR-\\ud800"', '"\\u0000"', "7", "null", '"' + "x" * 150 + '"']
)
TOPICS = st.sampled_from(["jira:issue_updated", "jira:issue_deleted", "jira:issue_created"])


@st.composite
def events_about(draw, issue_id: str) -> bytes:
    """An event about an issue of ours, with odd texts wherever Jira has some."""
    fields = as_object([("labels", f"[{draw(TEXTS)}]"), ("summary", draw(TEXTS))])
    change = as_object([("field", draw(TEXTS)), ("fieldId", '"status"'), ("toString", draw(TEXTS))])
    return as_object(
        [
            ("webhookEvent", f'"{draw(TOPICS)}"'),
            (
                "issue",
                as_object([("id", f'"{issue_id}"'), ("key", draw(TEXTS)), ("fields", fields)]),
            ),
            ("changelog", as_object([("items", f"[{change}]")])),
            ("user", as_object([("accountId", draw(TEXTS))])),
        ]
    ).encode()


@pytest.fixture
def linked(world):
    [task_id] = world.has_synced_tasks(1)
    return world.issue(task_id)["id"]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_was_accepted_is_worked_on_to_an_end(world, linked, data):
    body = data.draw(odd_events() | events_about(linked))
    headers = {"X-Hub-Signature": sign(body, SANDBOX_WEBHOOK_SECRET)}

    answer = requests.post(world.webhook.url, data=body, headers=headers, timeout=20)
    world.work()

    assert answer.status_code in {202, 400}
    assert world.errors == []
    for delivery in world.deliveries():
        assert "unexpected" not in delivery.reason
        assert delivery.state is not DeliveryState.DEAD
        if delivery.state.waiting:
            assert delivery.reason.startswith(KNOWN_WAITS), delivery.reason
