"""The words of an alert, and how they fit into what a messenger takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.notices import CUT, fitted, utf16_length
from connectors.slack.service import escape
from core.alert_text import Notice, notice_of
from core.models import Alert

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def alert(**values) -> Alert:
    usual = {
        "title": "Jira refuses the gateway's credentials",
        "text": "Renew the token.",
        "path": "/rules/3",
        "records": [],
        "first_seen": NOON,
        "last_seen": NOON,
        "count": 1,
        "told_count": 0,
    }
    return Alert(**(usual | values))


def test_a_first_message_says_what_since_when_and_where_to_look():
    notice = notice_of(alert(), "https://gateway.acme.example")

    assert notice.title == "Jira refuses the gateway's credentials"
    assert notice.body == "Renew the token.\nSeen 2026-11-21 12:00 UTC."
    assert notice.link == "https://gateway.acme.example/rules/3"


def test_a_burst_is_one_message_with_its_count_and_first_records():
    notice = notice_of(alert(count=7, records=["11", "12"]), "")

    assert "seen 7 times" in notice.body
    assert "About: 11, 12 and 5 more." in notice.body


def test_a_message_about_what_goes_on_says_how_much_is_new():
    notice = notice_of(alert(count=9, told_at=NOON, told_count=4), "")

    assert notice.title == "Still: Jira refuses the gateway's credentials"
    assert "seen 9 times, 5 of them since the last message" in notice.body
    assert "Renew the token." in notice.body


@pytest.mark.parametrize(
    ("lasted", "words"),
    [
        (timedelta(seconds=20), "less than a minute"),
        (timedelta(minutes=61), "1 h 1 min"),
        (timedelta(days=2, minutes=5), "2 d 5 min"),
    ],
)
def test_a_message_about_an_end_says_how_long_it_lasted(lasted, words):
    notice = notice_of(alert(told_at=NOON, told_count=1, resolved_at=NOON + lasted), "")

    assert notice.title.startswith("Over: ")
    assert f"after {words}." in notice.body
    assert "Renew" not in notice.body


def test_what_was_over_before_anybody_heard_of_it_is_told_with_its_end():
    notice = notice_of(alert(resolved_at=NOON + timedelta(hours=2)), "")

    assert notice.title == "Jira refuses the gateway's credentials"
    assert "was over 2026-11-21 14:00 UTC, after 2 h." in notice.body


def test_a_long_text_is_cut_with_a_note_and_keeps_title_and_link():
    text = fitted(Notice("Title", "x" * 5000, "https://gateway/"), 4096)

    assert len(text) == 4096
    assert text.startswith("Title\nxxx")
    assert text.endswith(f"{CUT}\nhttps://gateway/")


@given(st.text(st.sampled_from("a<>&é😀\n"), max_size=400), st.integers(80, 300))
def test_no_text_is_longer_than_the_limit_and_no_escape_is_cut_in_two(body, limit):
    text = fitted(Notice("T", body, "https://g/"), limit, escape=escape, length=utf16_length)

    assert utf16_length(text) <= limit
    shown = text.removeprefix("T\n").removesuffix("https://g/").rstrip("\n")
    back = shown.removesuffix(CUT).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert body.startswith(back)


def test_nobody_is_mentioned_by_what_a_vendor_said():
    assert escape("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
