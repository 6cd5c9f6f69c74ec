"""`igw keys`: a key is shown once, and the list tells nothing that opens a door."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cli.main import igw
from core.credentials import verify
from core.database import get_engine, reading
from core.migrate import upgrade
from core.settings import get_settings


@pytest.fixture
def run(settings_env):
    upgrade(get_settings())

    def call(*words, code=0):
        result = CliRunner().invoke(igw, ["keys", *words])
        assert result.exit_code == code, result.output
        return result.output

    yield call
    get_engine().dispose()


def test_a_key_is_shown_when_it_is_made_and_never_again(run):
    key = run("create", "reporting", "--role", "operator").splitlines()[0]

    with reading() as session:
        row = verify(session, key)
    assert row is not None
    assert row.role.value == "operator"
    listed = run("list")
    assert "reporting" in listed
    assert "never" in listed
    assert key[4:] not in listed + run("list", "--json")


def test_machines_get_the_key_as_json_and_a_viewer_unless_told_otherwise(run):
    made = json.loads(run("create", "reporting", "--json"))
    assert (made["name"], made["role"]) == ("reporting", "viewer")
    assert made["key"].startswith("igw_")


def test_a_revoked_key_is_listed_as_such(run):
    run("create", "reporting")
    assert "is revoked" in run("revoke", "reporting")
    assert "was revoked already" in run("revoke", "reporting")
    [row] = json.loads(run("list", "--json"))
    assert row["revoked_at"]


def test_what_cannot_be_done_is_said_in_words(run):
    run("create", "reporting")
    assert "belongs to another key" in run("create", "reporting", code=1)
    assert "There is no key 'nobody'" in run("revoke", "nobody", code=1)
    assert "There is no API key yet" not in run("list")
