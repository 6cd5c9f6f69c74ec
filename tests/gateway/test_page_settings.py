"""The settings: changed without a restart, refused at the field, and never a secret."""

from __future__ import annotations

import re

import pytest
from markupsafe import escape

from core import audit
from core.database import reading, writing
from core.domain_settings import get_setting, set_setting
from core.domains import load_domains
from tests.gateway.browsing import HTMX
from tests.gateway.test_pages import Page

SECRETS = {
    "slack_webhook_url": "https://hooks.slack.com/services/T000/B000/planted-in-slack",
    "telegram_bot_token": "123456:planted-in-telegram",
    "telegram_chat_id": "-100",
    "jira_webhook_secrets": "planted-in-jira",
}


@pytest.fixture
def admin(dashboard):
    browser = dashboard(**SECRETS)
    browser.log_in("admin")
    return browser


def value_of(domain: str, key: str):
    with reading() as session:
        return get_setting(session, domain, key)


def test_every_setting_of_every_domain_has_a_labelled_field(admin):
    html = admin.get("/settings/").body.decode()

    for domain in load_domains():
        for spec in domain.settings:
            name = f"setting-{domain.name}-{spec.key}"
            assert f'for="{name}">{escape(spec.title)}</label>' in html
            assert f'id="{name}"' in html
    ids = Page(html).of("id")
    assert len(ids) == len(set(ids))


def test_a_change_is_in_force_at_once_and_tells_who_made_it(admin):
    admin.get("/settings/")

    answer = admin.post("/settings/pf_jira/poll_interval_seconds", HTMX, value=" 30 ")

    assert answer.status == 200
    assert value_of("pf_jira", "poll_interval_seconds") == 30
    text = " ".join(answer.body.decode().split())
    assert 'value="30"' in text
    assert "Seconds between two polls of PeopleForce: now 30." in text
    with reading() as session:
        [change] = audit.latest(session, subject="setting pf_jira.poll_interval_seconds")
    assert (change.before, change.after) == (60, 30)
    assert f"by {change.actor}" in text


@pytest.mark.parametrize(
    ("key", "typed", "says"),
    [
        ("poll_interval_seconds", "4", "Must be at least 5."),
        ("poll_interval_seconds", "often", "Must be a whole number."),
        ("poll_interval_seconds", "", "Must be a whole number."),
        ("poll_interval_seconds", "9" * 200, "Must be a whole number."),
        ("nightly_at", "25:00", "Must be of the form HH:MM."),
        ("nightly_at", '"><script>alert(1)</script>', "Must be of the form HH:MM."),
        ("poll_paused", "maybe", "Must be true or false."),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field_and_nothing_typed_is_lost(
    admin, key, typed, says
):
    admin.get("/settings/")
    before = value_of("pf_jira", key)

    answer = admin.post(f"/settings/pf_jira/{key}", HTMX, value=typed)

    text = answer.body.decode()
    assert answer.status == 422
    assert says in text
    assert value_of("pf_jira", key) == before
    assert "<script>alert" not in text
    if key != "poll_paused":
        assert f'value="{escape(typed)}"' in text
        assert 'aria-invalid="true"' in text


def test_a_setting_goes_back_to_its_default(admin):
    with writing() as session:
        set_setting(session, "ops", "keep_activity_days", 7, "somebody else")
    html = admin.get("/settings/").body.decode()
    assert "by somebody else" in html
    assert "/settings/ops/keep_activity_days/default" in html

    answer = admin.post("/settings/ops/keep_activity_days/default", HTMX)

    assert answer.status == 200
    assert value_of("ops", "keep_activity_days") == 365
    with reading() as session:
        [change, _] = audit.latest(session, subject="setting ops.keep_activity_days")
    assert (change.action, change.before, change.after) == ("reset", 7, 365)


def test_a_switch_is_turned_on_and_off(admin):
    admin.get("/settings/")

    assert (
        b"Pause polling: now on."
        in admin.post("/settings/pf_jira/poll_paused", HTMX, value="true").body
    )
    assert value_of("pf_jira", "poll_paused") is True


def test_what_the_environment_sets_is_shown_with_where_it_comes_from(admin):
    text = " ".join(Page(admin.get("/settings/").body.decode()).text.split())

    assert re.search(r"IGW_TELEGRAM_CHAT_ID -100 the environment", text)
    assert re.search(r"IGW_LOG_LEVEL INFO default", text)
    assert re.search(r"IGW_JIRA_API_TOKEN not set default", text)


def test_no_secret_is_shown_only_whether_it_is_set(admin):
    html = admin.get("/settings/").body.decode()

    assert "planted" not in html
    assert re.search(r"IGW_SLACK_WEBHOOK_URL</code></td>\s*<td><span class=\"tag\">set<", html)
    assert "set up; told first" in html


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_nobody_but_an_admin_sees_or_changes_settings(dashboard, role):
    browser = dashboard()
    browser.log_in(role)
    browser.get("/")

    assert browser.get("/settings/").status == 403
    for path in ("poll_paused", "poll_paused/default"):
        assert browser.post(f"/settings/pf_jira/{path}", HTMX, value="true").status == 403
    assert value_of("pf_jira", "poll_paused") is False


@pytest.mark.parametrize("path", ["pf_jira/none", "none/poll_paused", "gateway/vendors"])
def test_what_no_domain_declares_cannot_be_set(admin, path):
    admin.get("/settings/")

    assert admin.post(f"/settings/{path}", HTMX, value="real").status == 404
