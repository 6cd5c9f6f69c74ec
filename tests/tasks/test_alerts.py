"""People are told: by Slack, else by Telegram, once; and never with a secret in a log."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest
from click.testing import CliRunner

import cli.alerts as command
from cli.main import igw
from core import alerts
from core.database import writing
from core.logs import configure_logging
from core.models import AlertState
from core.settings import get_settings
from tests.support.messengers import TOKEN, WEBHOOK_PATH
from tests.tasks.conftest import forget

# What the database has to hold is tried on both, in tests/store.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_an_alert_goes_to_slack_once_with_the_link(both):
    both.raise_alert(path="/rules/3")

    both.deliver()
    both.deliver()

    [text] = both.slack.texts
    assert text.startswith("*Jira refuses us*\nRenew the token.\nSeen ")
    assert text.endswith("https://gateway.acme.example/rules/3")
    assert both.telegram.texts == []
    assert (both.alert().state, both.alert().channel) == (AlertState.DELIVERED, "slack")


def test_within_the_window_it_is_told_once_and_after_it_once_more(both):
    for _ in range(3):
        both.raise_alert()
        both.later(minutes=10)
    assert len(both.slack.texts) == 1

    both.later(minutes=40)

    assert len(both.slack.texts) == 2
    assert both.slack.texts[1].startswith("*Still: Jira refuses us*")
    assert "seen 3 times, 2 of them since the last message" in both.slack.texts[1]


def test_its_end_is_told(both):
    both.raise_alert()
    both.deliver()
    with writing() as session:
        alerts.resolve(session, "credentials:jira")
    both.later(minutes=6)

    assert [text.partition("\n")[0] for text in both.slack.texts] == [
        "*Jira refuses us*",
        "*Over: Jira refuses us*",
    ]


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (503, "", "Slack is not available"),
        (403, "invalid_token", "Slack refuses us (invalid_token): make a new incoming webhook"),
        (404, "no_service", "Slack refuses us (no_service)"),
    ],
)
def test_when_slack_does_not_take_it_telegram_gets_it_at_once_and_says_why(
    both, status, body, reason
):
    both.slack.refuse(status, body)
    both.raise_alert()

    both.deliver()

    [text] = both.telegram.texts
    assert f"(Sent here because {reason}" in text
    assert both.alert().channel == "telegram"
    assert reason in both.alert().reason
    both.slack.heal()
    both.later(minutes=30)
    assert both.slack.texts == [], "people have it already"


def test_when_both_are_down_it_is_told_later_once(both):
    both.slack.refuse(503)
    both.telegram.refuse(502, "Bad Gateway")
    both.raise_alert()
    both.deliver()
    assert both.alert().state is AlertState.WAITING
    assert "Slack is not available" in both.alert().reason
    assert "Telegram is not available" in both.alert().reason
    for _ in range(3):
        both.later(minutes=6)
    assert both.alert().attempts == 4

    both.slack.heal()
    both.telegram.heal()
    for _ in range(3):
        both.later(minutes=6)

    assert len(both.slack.texts) == 1
    assert both.telegram.texts == []


def test_a_short_pause_that_slack_asks_for_is_kept_and_spares_the_reserve(both):
    both.slack.refuse(429, "rate_limited", Retry_After="20")
    both.raise_alert()
    both.deliver()
    both.deliver()
    assert (both.slack.asked, both.telegram.asked) == (1, 0)
    assert both.alert().due_at - both.alert().tried_at >= timedelta(seconds=20)

    both.slack.heal()
    both.later(seconds=30)

    assert len(both.slack.texts) == 1


def test_a_long_pause_is_not_waited_for(both):
    both.slack.refuse(429, "rate_limited", Retry_After="200")
    both.raise_alert()

    both.deliver()

    assert len(both.telegram.texts) == 1


def test_when_nobody_takes_it_for_good_it_stays_in_the_list_and_says_why(both):
    both.slack.refuse(403, "invalid_token")
    both.telegram.refuse(401, '{"ok":false,"description":"Unauthorized"}')
    both.raise_alert()

    both.deliver()

    assert both.alert().state is AlertState.UNDELIVERABLE
    assert both.alert().due_at is None
    listed = CliRunner().invoke(igw, ["alerts"], env={"COLUMNS": "300"}).output
    assert "invalid_token" in listed
    assert "IGW_TELEGRAM_BOT_TOKEN" in listed


def test_without_any_channel_it_stays_in_the_list_and_says_so(both, monkeypatch):
    monkeypatch.delenv("IGW_SLACK_WEBHOOK_URL")
    monkeypatch.delenv("IGW_TELEGRAM_BOT_TOKEN")
    monkeypatch.delenv("IGW_TELEGRAM_CHAT_ID")
    forget()
    both.raise_alert()

    both.deliver()

    assert both.alert().state is AlertState.UNDELIVERABLE
    assert "IGW_SLACK_WEBHOOK_URL" in both.alert().reason


def test_after_a_day_it_is_history(both):
    both.slack.refuse(503)
    both.telegram.refuse(503)
    both.raise_alert()
    both.deliver()

    both.later(hours=25)

    assert both.alert().state is AlertState.UNDELIVERABLE


def test_many_alerts_are_told_in_one_run_as_fast_as_the_messengers_allow(both):
    for number in range(3):
        both.raise_alert(f"cause:{number}", title=f"Title {number}")

    both.deliver()

    assert [text.partition("\n")[0] for text in both.slack.texts] == [
        f"*Title {number}*" for number in range(3)
    ]


def test_no_secret_is_in_any_log(both, capfd, caplog):
    root = logging.getLogger()
    before = root.handlers[:], root.level
    configure_logging("worker", get_settings().model_copy(update={"log_level": "DEBUG"}))
    try:
        both.raise_alert()
        both.deliver()
        both.slack.refuse(403, "invalid_token")
        both.telegram.refuse(503)
        both.raise_alert("other")
        both.deliver()
    finally:
        root.handlers[0].close()
        root.handlers[:] = before[0]
        root.setLevel(before[1])

    logged = capfd.readouterr().err
    assert "alert_delivered" in logged
    assert "alert_postponed" in logged
    for secret in (WEBHOOK_PATH.rpartition("/")[2], TOKEN, TOKEN.partition(":")[2]):
        assert secret not in logged
        assert secret not in both.alert("other").reason


# The command


def run_test(both, monkeypatch, *options):
    """Run `igw alerts --test` with a worker at hand."""
    publish = command.publish

    def publish_and_work(*args):
        published = publish(*args)
        both.world.work()
        return published

    monkeypatch.setattr(command, "publish", publish_and_work)
    return CliRunner().invoke(igw, ["alerts", "--test", *options])


def test_a_test_alert_says_by_which_channel_it_arrived(both, monkeypatch):
    result = run_test(both, monkeypatch)

    assert result.output == "The test alert arrived by Slack.\n"
    assert result.exit_code == 0
    assert "nothing to do" in both.slack.texts[0]


def test_a_test_alert_says_why_it_took_the_reserve(both, monkeypatch):
    both.slack.refuse(404, "no_service")

    result = run_test(both, monkeypatch)

    assert "arrived by Telegram" in result.output
    assert "because Slack refuses us (no_service)" in result.output


def test_a_test_alert_says_why_it_did_not_arrive(both, monkeypatch):
    both.slack.refuse(403, "invalid_token")
    both.telegram.refuse(503)

    result = run_test(both, monkeypatch, "--json")

    assert result.exit_code == 1
    answer = json.loads(result.output)
    assert answer["state"] == "waiting"
    assert "invalid_token" in answer["reason"]


def test_a_test_alert_without_a_worker_says_so(both, monkeypatch):
    monkeypatch.setattr(command, "WAIT_SECONDS", 0)

    result = CliRunner().invoke(igw, ["alerts", "--test"])

    assert result.exit_code == 1
    assert "No worker took the test alert" in result.output
