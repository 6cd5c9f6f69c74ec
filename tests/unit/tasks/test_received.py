"""A message waits for as long as it was told to, and no longer because a clock was set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
from celery.utils.imports import symbol_by_name

from tasks import app
from tasks.ops import relay


def received(eta: datetime | None):
    task = relay.relay
    headers = {
        "id": "1",
        "task": task.name,
        "lang": "py",
        "eta": eta.isoformat() if eta else None,
        "expires": None,
        "timelimit": [None, None],
    }
    message = Mock(headers=headers, payload=([], {}, {}), delivery_info={}, properties={})
    body = ([], {}, {})
    return symbol_by_name(task.Request)(message, app=app, task=task, decoded=True, body=body)


@pytest.mark.parametrize("seconds", [1, 3, 59])
def test_a_message_that_is_delayed_waits(seconds):
    eta = datetime.now(UTC) + timedelta(seconds=seconds)

    assert received(eta).eta == eta


def test_a_message_from_before_the_clock_was_set_back_does_not_wait():
    assert received(datetime.now(UTC) + timedelta(hours=1)).eta is None


def test_a_message_that_is_not_delayed_does_not_wait():
    assert received(None).eta is None
