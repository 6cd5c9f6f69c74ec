"""Webhooks: the list, and one page each."""

from __future__ import annotations

import pytest

from core.models import Delivery, DeliveryState
from tests.gateway.browsing import HTMX, Browser
from tests.gateway.conftest import published
from tests.gateway.records import task, webhook
from tests.gateway.test_pages import page
from tests.store.conftest import row

PART = (HTMX, ("HX-Request-Type", "partial"))


@pytest.fixture
def operator(dashboard) -> Browser:
    browser = dashboard()
    browser.log_in("operator")
    return browser


def test_the_list_names_the_task_that_a_webhook_is_about(operator):
    task()
    delivery = webhook()
    webhook("jira-2", record_id="777")

    answer = operator.get("/deliveries/data?state=received").json

    assert [it["id"] for it in answer["rows"]] == [delivery + 1, delivery]
    assert [it["story"] for it in answer["rows"]] == ["", "/records/11"]
    assert operator.get("/deliveries/data?state=dead").json["rows"] == []


def test_an_operator_reads_headers_and_body_as_text(operator):
    shown = operator.get(f"/deliveries/{webhook()}")

    found = page(shown)
    assert "Content-Type" in found.text
    assert "alert(" in found.text
    assert "<script>alert" not in shown.body.decode()


def test_a_viewer_reads_neither_headers_nor_body_and_has_no_button(dashboard):
    viewer = dashboard()
    viewer.log_in("viewer")
    delivery = webhook()

    found = page(viewer.get(f"/deliveries/{delivery}"))

    assert "alert(" not in found.text
    assert "shown to operators" in found.text
    assert not list(found.of("hx-post"))
    assert viewer.post(f"/deliveries/{delivery}/replay", nonce="n").status == 403


def test_a_body_that_is_not_json_is_shown_as_it_came(operator):
    delivery = webhook(body=b"\xff not json")
    assert "not json" in page(operator.get(f"/deliveries/{delivery}")).text


def test_a_webhook_is_worked_on_again_once_for_each_nonce(operator, redis_client):
    delivery = webhook()
    operator.get(f"/deliveries/{delivery}")

    for _ in range(2):
        assert operator.post(f"/deliveries/{delivery}/replay", *PART, nonce="n-1").status == 200

    assert [it["args"] for it in published(redis_client)] == [[[delivery]]]
    assert row(Delivery, delivery).state is DeliveryState.RETRYING


def test_a_webhook_that_nobody_handles_has_nothing_to_try_again(operator):
    delivery = webhook(task=None, topic="comment_created")
    operator.get(f"/deliveries/{delivery}")

    answer = operator.post(f"/deliveries/{delivery}/replay", *PART, nonce="n")

    assert b"Nobody handles comment_created" in answer.body


def test_a_webhook_is_skipped_with_a_note(operator):
    delivery = webhook()
    operator.get(f"/deliveries/{delivery}")

    operator.post(f"/deliveries/{delivery}/skip", *PART, note="a test of Jira's")

    assert row(Delivery, delivery).reason == "skipped: a test of Jira's"


@pytest.mark.parametrize("number", ["999", str(2**63), "9" * 30])
def test_a_webhook_that_is_not_there_is_said_to_be_gone(operator, number):
    assert operator.get(f"/deliveries/{number}").status == 404
