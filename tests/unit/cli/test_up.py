from __future__ import annotations

import sqlite3

from cli.up import run
from core.domains import load_domains
from core.settings import load_settings
from tests.conftest import free_port


def start(settings_env, capsys) -> list[str]:
    """Try to start, expect to be refused, and give the lines that a person sees."""
    for port in ("GATEWAY", "FLOWER", "REDIS", "SANDBOX_PEOPLEFORCE", "SANDBOX_JIRA"):
        settings_env.setenv(f"IGW_{port}_PORT", str(free_port()))
    assert run(load_settings(), load_domains()) == 1
    return capsys.readouterr().out.splitlines()


def test_a_database_that_does_not_answer_is_one_line_without_a_password(settings_env, capsys):
    settings_env.setenv("IGW_DATABASE_URL", "postgresql+psycopg://igw:pass-word@127.0.0.1:1/igw")
    (line,) = start(settings_env, capsys)
    assert line.startswith("The database cannot be migrated. sqlalchemy.exc.OperationalError")
    assert "127.0.0.1" in line
    assert "IGW_DATABASE_URL" in line
    assert "pass-word" not in line


def test_a_database_of_another_revision_is_refused(settings_env, capsys):
    settings = load_settings()
    (settings.data_dir / "sandbox").mkdir(parents=True)
    with sqlite3.connect(settings.data_dir / "sandbox" / "gateway.db") as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")
    database.close()
    (line,) = start(settings_env, capsys)
    assert "Can't locate revision identified by '9999'" in line
