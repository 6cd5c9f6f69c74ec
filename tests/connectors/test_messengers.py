"""Slack and Telegram: what they say becomes the error that says what to do next, and no secret."""

from __future__ import annotations

import logging
import traceback

import pytest
from pydantic import SecretStr

from connectors.slack.client import SlackClient
from connectors.slack.service import Slack
from connectors.telegram.client import TelegramClient
from connectors.telegram.service import Telegram
from core.access import SlackAccess, TelegramAccess
from core.alert_text import Notice
from core.errors import (
    VendorCredentialsError,
    VendorError,
    VendorRateLimitedError,
    VendorRejectedError,
    VendorUnavailableError,
)
from tests.connectors.test_session import speaking
from tests.support.messengers import CHAT, TOKEN, WEBHOOK_PATH, messengers

NOTICE = Notice("Jira <refuses> us", "Renew & restart.", "http://gateway.example/")
PLANTED = ("plantedwebhooksecret", "planted-bot-token", "T0PLANTED")


@pytest.fixture
def stand_ins():
    with messengers() as both:
        yield both


@pytest.fixture
def slack_at(rate_limit):
    def build(url: str, path: str = WEBHOOK_PATH) -> Slack:
        access = SlackAccess(SecretStr(f"{url}{path}"))
        return Slack(SlackClient(access, rate_limit, read_timeout=1))

    return build


@pytest.fixture
def telegram_at(rate_limit):
    def build(url: str, token: str = TOKEN, chat: str = CHAT) -> Telegram:
        access = TelegramAccess(url, SecretStr(token), chat)
        return Telegram(TelegramClient(access, rate_limit, read_timeout=1))

    return build


def test_slack_gets_the_title_in_bold_and_nothing_that_it_would_act_on(stand_ins, slack_at):
    slack, _ = stand_ins

    slack_at(slack.url).tell(NOTICE)

    assert slack.texts == [
        "*Jira &lt;refuses&gt; us*\nRenew &amp; restart.\nhttp://gateway.example/"
    ]


def test_telegram_gets_plain_text_in_the_chat(stand_ins, telegram_at):
    _, telegram = stand_ins

    telegram_at(telegram.url).tell(NOTICE)

    assert telegram.texts == ["Jira <refuses> us\nRenew & restart.\nhttp://gateway.example/"]
    assert "parse_mode" not in telegram.messages[0]


def test_a_long_notice_is_cut_to_what_each_takes(stand_ins, slack_at, telegram_at):
    slack, telegram = stand_ins
    notice = Notice("Title", "&" * 9000, "http://gateway.example/")

    slack_at(slack.url).tell(notice)
    telegram_at(telegram.url).tell(notice)

    assert 3900 < len(slack.texts[0]) <= 4000
    assert len(telegram.texts[0]) == 4096


@pytest.mark.parametrize(
    ("answer", "kind", "detail"),
    [
        ((403, "invalid_token"), VendorCredentialsError, "invalid_token"),
        ((403, "action_prohibited"), VendorCredentialsError, "action_prohibited"),
        ((404, "no_service"), VendorCredentialsError, "no_service"),
        ((410, "channel_is_archived"), VendorCredentialsError, "channel_is_archived"),
        ((400, "invalid_payload"), VendorRejectedError, "invalid_payload"),
        ((404, "<html>not here</html>"), VendorCredentialsError, ""),
        ((500, "rollup_error"), VendorUnavailableError, ""),
        (
            (200, "<html>log in first</html>"),
            VendorUnavailableError,
            "not Slack's",
        ),
        ((302, ""), VendorUnavailableError, "redirects"),
    ],
)
def test_what_slack_says_becomes_an_error(stand_ins, slack_at, answer, kind, detail):
    status, body = answer
    slack, _ = stand_ins
    slack.refuse(status, body)

    with pytest.raises(kind) as caught:
        slack_at(slack.url).tell(NOTICE)

    assert detail in caught.value.detail
    assert slack.asked == 1, "a message that may have arrived is not sent again at once"


@pytest.mark.parametrize(
    ("answer", "kind", "detail"),
    [
        ((403, '{"ok":false,"description":"bot was blocked"}'), VendorCredentialsError, "blocked"),
        ((404, '{"ok":false,"description":"Not Found"}'), VendorCredentialsError, "Not Found"),
        ((400, '{"ok":false,"description":"message is empty"}'), VendorRejectedError, "empty"),
        ((400, "[1]"), VendorRejectedError, ""),
        ((502, "Bad Gateway"), VendorUnavailableError, ""),
        ((200, '{"ok":false}'), VendorUnavailableError, "not Telegram's"),
        ((200, "<html></html>"), VendorUnavailableError, "not Telegram's"),
    ],
)
def test_what_telegram_says_becomes_an_error(stand_ins, telegram_at, answer, kind, detail):
    status, body = answer
    _, telegram = stand_ins
    telegram.refuse(status, body)

    with pytest.raises(kind) as caught:
        telegram_at(telegram.url).tell(NOTICE)

    assert detail in caught.value.detail


def test_a_wrong_token_or_chat_is_said_in_telegrams_words(stand_ins, telegram_at):
    _, telegram = stand_ins
    with pytest.raises(VendorCredentialsError, match="Unauthorized"):
        telegram_at(telegram.url, token="1:wrong").tell(NOTICE)
    with pytest.raises(VendorRejectedError, match="chat not found"):
        telegram_at(telegram.url, chat="-5").tell(NOTICE)


def test_a_group_that_got_a_new_id_is_named_with_the_setting(stand_ins, telegram_at):
    _, telegram = stand_ins
    said = '{"ok":false,"description":"upgraded","parameters":{"migrate_to_chat_id":-100777}}'
    telegram.refuse(400, said)

    with pytest.raises(VendorRejectedError, match="-100777: set IGW_TELEGRAM_CHAT_ID"):
        telegram_at(telegram.url).tell(NOTICE)


def test_a_pause_that_is_asked_for_is_told_in_seconds(stand_ins, slack_at):
    slack, _ = stand_ins
    slack.refuse(429, "rate_limited", Retry_After="7")
    with pytest.raises(VendorRateLimitedError) as caught:
        slack_at(slack.url).tell(NOTICE)
    assert caught.value.retry_after == 7


MALFORMED = b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 2\r\n\r\nno"
FAILURES = [(), (None,), (MALFORMED,), (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nok",)]


@pytest.mark.parametrize("answers", FAILURES, ids=["refused", "reset", "malformed", "cut off"])
@pytest.mark.parametrize("which", ["slack", "telegram"])
def test_no_failure_shows_the_secret_in_a_log_or_a_traceback(
    which, answers, slack_at, telegram_at, caplog
):
    caplog.set_level(logging.DEBUG)
    with speaking(*answers) as (listening, _):
        url = listening if answers else "http://127.0.0.1:1"
        channel = slack_at(url) if which == "slack" else telegram_at(url)
        with pytest.raises(VendorError) as caught:
            channel.tell(NOTICE)

    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
    assert "vendor_call" in caplog.text
    assert not [secret for secret in PLANTED if secret in shown]
