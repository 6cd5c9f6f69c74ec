"""What the doctor says of a PostgreSQL server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cli.database_checks import Server, check_database, judge_postgresql
from cli.outcomes import Status
from core.settings import get_settings

GOOD = Server(version=15, connections=97, durable=True)


def test_a_server_that_is_as_it_should_be_is_well():
    outcome = judge_postgresql("db, revision 0008", GOOD, 39)

    assert (outcome.status, outcome.found) == (Status.OK, "db, revision 0008, PostgreSQL 15")


@pytest.mark.parametrize(
    ("server", "status", "found", "remedy"),
    [
        (replace(GOOD, version=12), Status.FAILED, "older than 13", "upgrade"),
        (replace(GOOD, durable=False), Status.WARNING, "can be lost", "fsync"),
        (replace(GOOD, connections=17), Status.WARNING, "takes 17 connections", "max_connections"),
    ],
)
def test_what_is_wrong_with_a_server_is_said_with_its_remedy(server, status, found, remedy):
    outcome = judge_postgresql("db", server, 39)

    assert outcome.status is status
    assert found in outcome.found
    assert remedy in outcome.remedy


@pytest.mark.postgresql
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_real_server_is_asked(database):
    """The tests' server keeps nothing safe, for speed."""
    outcome = check_database(get_settings())

    assert outcome.status is Status.WARNING
    assert "PostgreSQL 1" in outcome.found
    assert "fsync" in outcome.remedy


def test_a_driver_that_is_missing_is_named_with_the_way_to_install_it(settings_env, monkeypatch):
    settings_env.setenv("IGW_DATABASE_URL", "postgresql+psycopg://igw@127.0.0.1:1/igw")
    get_settings.cache_clear()

    def missing(_settings):
        raise ModuleNotFoundError(name="psycopg")

    monkeypatch.setattr("cli.database_checks.revisions", missing)

    outcome = check_database(get_settings())

    assert outcome.remedy == "uv sync --extra postgresql"
