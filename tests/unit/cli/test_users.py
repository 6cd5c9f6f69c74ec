"""`igw users`: the way in when nobody is admin yet, and the way out for whoever left."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cli.main import igw
from core.database import get_engine
from core.migrate import upgrade
from core.settings import get_settings


@pytest.fixture
def run(settings_env):
    upgrade(get_settings())

    def call(*words, code=0):
        result = CliRunner().invoke(igw, ["users", *words])
        assert result.exit_code == code, result.output
        return result.output

    yield call
    get_engine().dispose()


def facts(run) -> dict:
    return {row["email"]: row for row in json.loads(run("list", "--json"))}


def test_an_admin_is_invited_from_the_terminal(run):
    assert "Invite somebody" in run("list")

    said = run("invite", "Olena@Acme.example", "--role", "admin")

    assert "olena@acme.example can log in now, as admin" in said
    assert facts(run)["olena@acme.example"]["role"] == "admin"
    assert "never" in run("list")


def test_a_role_is_changed_and_access_taken_away_and_given_back(run):
    run("invite", "boss@acme.example", "--role", "admin")
    run("invite", "olena@acme.example")

    run("role", "OLENA@acme.example", "operator")
    assert facts(run)["olena@acme.example"]["role"] == "operator"
    run("disable", "olena@acme.example")
    assert facts(run)["olena@acme.example"]["disabled_at"]
    run("enable", "olena@acme.example")
    assert facts(run)["olena@acme.example"]["disabled_at"] is None
    assert "logged out of 0 browsers" in run("logout", "olena@acme.example")


def test_what_cannot_be_done_is_said_in_words(run):
    run("invite", "boss@acme.example", "--role", "admin")

    assert "is the last admin" in run("disable", "boss@acme.example", code=1)
    assert "is the last admin" in run("role", "boss@acme.example", "viewer", code=1)
    assert "Nobody with the address 'x@acme.example' is known" in run(
        "logout", "x@acme.example", code=1
    )
    assert "is not an e-mail address" in run("invite", "nobody", code=1)
    assert "is here already" in run("invite", "boss@acme.example", code=1)
