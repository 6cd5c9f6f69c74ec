"""Commands of `igw` on rules, as tests run them, and rules that are tripped and hold something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner, Result

from cli.main import igw
from core import rule_states, rules
from core.database import reading, writing
from core.models import LinkState, Rule
from tests.tasks.world import World

LAPTOPS: dict[str, Any] = {
    "name": "Laptops to IT",
    "priority": 10,
    "project": "IT",
    "issue_type": "Task",
    "conditions": [{"path": "$.title", "operator": "contains", "value": "laptop"}],
    "fields": [{"field": "summary", "sources": [{"path": "$.title"}]}],
}
OFFICE: dict[str, Any] = {
    "field": "customfield_10041",
    "name": "Office",
    "sources": [{"static": "Lviv"}],
}
FITTING = {**LAPTOPS, "fields": [*LAPTOPS["fields"], OFFICE]}
"""`LAPTOPS` lacks a field that IT demands."""

HOLDS = {
    "name": "a laptop",
    "record": {"title": "A laptop"},
    "expect": {"summary": "A laptop", "customfield_10041": "Lviv"},
}
FAILS = {**HOLDS, "name": "in Kyiv", "expect": {"customfield_10041": "Kyiv"}}

Igw = Callable[..., Result]


def commands(folder: Path) -> Igw:
    """Give what runs `igw` with some words; a list of documents becomes a file of rules."""

    def run(*words: Any, answer: str | None = None) -> Result:
        file = folder / "rules.yaml"
        for word in words:
            if isinstance(word, list):
                file.write_text(yaml.safe_dump(word), encoding="utf-8")
        arguments = [str(file) if isinstance(word, list) else str(word) for word in words]
        return CliRunner().invoke(igw, arguments, input=answer, catch_exceptions=False)

    return run


def rule_named(name: str = "Laptops to IT") -> Rule:
    with reading() as session:
        row = rules.find_rule(session, name)
    assert row is not None
    return row


def trip_and_hold(world: World, count: int, name: str = "Laptops to IT") -> list[str]:
    """Trip a rule; it holds so many new tasks. Give their ids."""
    rule = rule_named(name)
    ids = world.has_tasks(count)
    for task_id in ids:
        world.edit(task_id, title=f"Prepare laptop {task_id}")
    world.poll()
    with writing() as session:
        assert rule_states.trip(session, rule.id, rule.version, "Office is gone from IT's screen.")
    world.work()
    assert {world.link(one).state for one in ids} == {LinkState.HELD}
    return ids
