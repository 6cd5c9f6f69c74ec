from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from cli.main import COMMANDS, igw
from core.settings import ROOT


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_explains_itself(name):
    result = CliRunner().invoke(igw, [name, "--help"])
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: igw {name} ")


def test_the_help_lists_every_command_and_imports_none():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "cli.main", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in COMMANDS:
        assert name in done.stdout
        assert f"cli.{name}" not in done.stderr
    for slow in ("pydantic", "sqlalchemy", "celery"):
        assert slow not in done.stderr


def test_settings_that_cannot_be_used_are_listed_whole_and_end_with_code_2(settings_env):
    settings_env.setenv("IGW_GATEWAY_PORT", "8091")
    settings_env.setenv("IGW_FLOWER_PORT", "8092")

    result = CliRunner().invoke(igw, ["up"])

    assert result.exit_code == 2
    assert "IGW_GATEWAY_PORT and IGW_SANDBOX_PEOPLEFORCE_PORT: share port 8091" in result.output
    assert "IGW_FLOWER_PORT and IGW_SANDBOX_JIRA_PORT: share port 8092" in result.output
    assert result.output.count("Remedy: ") == 2


def test_a_server_that_does_not_answer_is_one_line_and_the_way_to_more(settings_env):
    settings_env.setenv("IGW_DATABASE_URL", "postgresql+psycopg://igw:pass-word@127.0.0.1:1/igw")

    result = CliRunner().invoke(igw, ["status"])

    assert result.exit_code == 1
    (line,) = result.output.splitlines()
    assert line.startswith("The database does not answer: ")
    assert line.endswith("See what is wrong with: igw doctor")
    assert "pass-word" not in line
