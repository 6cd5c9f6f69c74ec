"""Time limits that do not go together are told with what follows from them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cli.outcomes import Status
from cli.timings import Timings, check_timings, contradictions, gather
from core.dispatch import publisher
from core.settings import get_settings
from tasks import app

RIGHT = Timings(
    soft_limit=80,
    hard_limit=100,
    longest_task=100,
    lease=110,
    visibility=900,
    countdown=3,
    worker_reads=30,
    gateway_publishes=2,
    redis_reads=5,
    prompt_reads=1,
    reply=25,
    command_limit=40,
    graceful=30,
)


def test_the_limits_as_they_are_go_together(settings_env):
    present = gather(get_settings())

    assert contradictions(present) == []
    assert present == RIGHT
    assert check_timings(get_settings()).status is Status.OK


@pytest.mark.parametrize(
    ("changed", "subject", "consequence"),
    [
        ({"hard_limit": None}, "time limits", "holds its worker for ever"),
        ({"soft_limit": 100}, "task_soft_time_limit", "end of their lease, 10 s more"),
        ({"lease": 60}, "LEASE_SECONDS", "for the last 40 s another may work on them"),
        ({"longest_task": 300}, "LEASE_SECONDS", "for the last 190 s"),
        (
            {"visibility": 103},
            "visibility_timeout",
            "after 103 s and its task may take 103 s",
        ),
        ({"countdown": 800}, "visibility_timeout", "may take 900 s, countdown included"),
        ({"worker_reads": 1}, "broker's socket_timeout", "they reconnect all the time"),
        ({"worker_reads": None}, "socket_timeout", "a worker waits for ever"),
        ({"gateway_publishes": None}, "socket_timeout", "the gateway's publisher waits for ever"),
        ({"redis_reads": None}, "socket_timeout", "a task waits for ever"),
        ({"redis_reads": 80}, "Redis' socket_timeout", "waits 80 s for Redis"),
        ({"prompt_reads": None}, "socket_timeout", "the gateway waits for ever"),
        ({"graceful": 25}, "IGW_COMMAND_SECONDS", "cuts off those who still wait"),
        ({"command_limit": 20}, "IGW_COMMAND_SECONDS", "the last 5 s are in vain"),
        ({"prompt_reads": 10}, "the gateway's socket_timeout", "Jira hangs up after 20 s"),
    ],
)
def test_what_does_not_go_together_is_told_with_its_consequence(changed, subject, consequence):
    found = contradictions(replace(RIGHT, **changed))

    [finding] = [it for it in found if it.subject == subject]
    assert consequence in finding.problem
    assert finding.remedy


def test_a_broker_without_visibility_timeout_hands_nothing_out_twice():
    assert contradictions(replace(RIGHT, visibility=None)) == []


def test_limits_are_read_from_where_they_are_set(settings_env, monkeypatch):
    options = app.conf.broker_transport_options
    monkeypatch.setitem(options, "visibility_timeout", 60)
    monkeypatch.setattr(app.tasks["pf_jira.look_up"], "time_limit", 700)
    settings_env.setenv("IGW_COMMAND_SECONDS", "7")
    get_settings.cache_clear()
    publisher.cache_clear()

    outcome = check_timings(get_settings())

    assert gather(get_settings()).reply == 7
    assert outcome.status is Status.FAILED
    assert "LEASE_SECONDS: a task may take 700 s" in outcome.found
    assert "visibility_timeout: a message is handed out again after 60 s" in outcome.found
