"""`secrets/.env.example` says of every setting what `core/settings/` says, and of no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.settings import PREFIX, ROOT, Settings, variable

EXAMPLE = ROOT / "secrets" / ".env.example"


def entries() -> list[tuple[str, str, str]]:
    """Give (comment, variable, value) of every entry of the example."""
    found = re.findall(rf"((?:^# .*\n)+)^#({PREFIX}\w+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE)
    return [(joined(comment.replace("# ", " ")), name, value) for comment, name, value in found]


def joined(text: str) -> str:
    return " ".join(text.split())


def test_the_example_has_every_setting_once_in_the_order_of_the_code_and_no_other():
    assert [name for _, name, _ in entries()] == [variable(f) for f in Settings.model_fields]


@pytest.mark.parametrize("field", Settings.model_fields)
def test_the_example_describes_a_setting_as_the_code_does(field):
    described = {name: comment for comment, name, _ in entries()}
    description = Settings.model_fields[field].description
    assert description, f"{field} has no description"
    assert described[variable(field)] == joined(description)


@pytest.mark.parametrize("field", Settings.model_fields)
def test_the_example_shows_the_default_of_a_setting(field):
    shown = {name: value for _, name, value in entries()}
    assert shown[variable(field)] == as_written(Settings.model_fields[field].default)


def as_written(default: object) -> str:
    if default is None or default == ():
        return ""
    return str(default.relative_to(ROOT)) if isinstance(default, Path) else str(default)


def test_every_entry_is_switched_off_so_that_a_copy_changes_nothing():
    lines = EXAMPLE.read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []


def test_the_file_with_the_secrets_is_ignored_by_git():
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "secrets/*" in ignored
    assert "!secrets/.env.example" in ignored
