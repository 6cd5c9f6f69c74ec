"""What an admin may change while everything runs."""

from __future__ import annotations

import pytest

from core.database import reading, writing
from core.domain_settings import InvalidSettingError, get_setting, set_setting


def value_of(key, domain="pf_jira"):
    with reading() as session:
        return get_setting(session, domain, key)


def change(key, value, domain="pf_jira"):
    with writing() as session:
        set_setting(session, domain, key, value, "a test")


def test_without_a_change_the_default_of_the_environment_is_in_force(database, settings_env):
    assert value_of("poll_interval_seconds") == 60
    assert value_of("poll_paused") is False
    assert value_of("keep_deliveries_days", "ops") == 30


def test_what_an_admin_set_is_in_force_at_once(database):
    change("poll_interval_seconds", 300)
    change("poll_interval_seconds", 30)
    change("poll_paused", True)
    change("nightly_at", "23:59")

    assert value_of("poll_interval_seconds") == 30
    assert value_of("poll_paused") is True
    assert value_of("nightly_at") == "23:59"


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("poll_interval_seconds", 4, "at least 5"),
        ("poll_interval_seconds", 86_401, "at most 86400"),
        ("poll_interval_seconds", "60", "a whole number"),
        ("poll_interval_seconds", True, "a whole number"),
        ("poll_interval_seconds", 60.0, "a whole number"),
        ("poll_paused", 1, "true or false"),
        ("nightly_at", "24:00", "of the form HH:MM"),
        ("nightly_at", "02:30\n", "of the form HH:MM"),
        ("nightly_at", 230, "a text"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_says_what_would(database, key, value, problem):
    before = value_of(key)

    with pytest.raises(InvalidSettingError, match=rf"pf_jira\.{key} must be {problem}"):
        change(key, value)

    assert value_of(key) == before


@pytest.mark.parametrize(("domain", "key"), [("pf_jira", "colour"), ("nobody", "poll_paused")])
def test_a_setting_that_nobody_declared_can_neither_be_read_nor_set(database, domain, key):
    with pytest.raises(KeyError):
        value_of(key, domain)
    with pytest.raises(KeyError):
        change(key, True, domain)
