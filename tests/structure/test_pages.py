"""The pages and the routes fit each other, and whoever changes something leaves a trace."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from flask import Flask

from core.models import Role
from core.settings import ROOT, get_settings
from gateway import access
from gateway.app import create_app
from gateway.dashboard.navigation import MENU

TEMPLATES = sorted((ROOT / "gateway" / "templates").rglob("*.html"))

CHANGES_NOTHING = {
    "dead_letters.ask_preview": "a worker is asked what a replay would do",
    "flower.list_tasks": "a list, asked for in a form",
    "records.ask_preview": "a worker is asked what a rule would do",
    "rules.form": "a form is drawn anew, nothing is kept",
    "rules.mends": "a worker is asked which mends there are",
    "rules.preview": "a worker is asked what a rule would do",
}
"""Routes that take a form and leave everything as it is."""


@pytest.fixture
def app(settings_env, keep_logging) -> Flask:
    """The gateway with both ways to log in."""
    settings_env.setenv("IGW_GOOGLE_CLIENT_ID", "client")
    settings_env.setenv("IGW_GOOGLE_CLIENT_SECRET", "secret")
    settings_env.setenv("IGW_GOOGLE_HOSTED_DOMAINS", "acme.example")
    settings_env.setenv("IGW_PUBLIC_URL", "https://gateway.acme.example")
    get_settings.cache_clear()
    return create_app()


def test_a_view_has_one_access_decision_and_no_second_one():
    view = access.role_required(Role.ADMIN)(lambda: "")

    for second in (access.signed, access.public("again"), access.role_required(Role.VIEWER)):
        with pytest.raises(TypeError, match="role: admin"):
            second(view)


def test_every_entry_of_the_menu_leads_to_a_page_that_asks_for_the_entrys_role(app):
    for entry in (entry for group in MENU.values() for entry in group):
        decision = getattr(app.view_functions[entry.endpoint], access.DECISION)
        assert decision == f"role: {entry.role.value}", entry


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_address_in_a_template_is_that_of_a_route(template: Path, app):
    named = set(re.findall(r"(?:url_for|page_link)\(\s*'(\w+\.\w+)'", template.read_text()))
    assert named <= app.view_functions.keys()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_htmx_sends_only_from_pages_that_give_it_the_token(template: Path):
    """A template with `<html>` of its own would lack the script that adds the token."""
    html = template.read_text()
    if "<html" in html and template.name != "base.html":
        assert "hx-" not in html


def test_every_route_that_changes_something_is_audited(app):
    silent = set()
    for route in app.url_map.iter_rules():
        view = app.view_functions[route.endpoint]
        by_person = getattr(view, access.DECISION).startswith(("role", "loopback"))
        if by_person and "POST" in (route.methods or ()):
            module = Path(view.__module__.replace(".", "/")).with_suffix(".py")
            if not audited(str(module), view.__name__):
                silent.add(route.endpoint)
    assert silent == CHANGES_NOTHING.keys(), (
        "nobody could say later who did it: call core.audit.note in the transaction of the change, "
        "or say in CHANGES_NOTHING that there is none"
    )


@cache
def calls(module: str) -> dict[str, set[tuple[str, str]]]:
    """Give, for each function of a module, the functions that it calls: module and name."""
    tree = ast.parse((ROOT / module).read_text())
    modules, names = {}, {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                as_module = Path(f"{node.module}.{alias.name}".replace(".", "/")).with_suffix(".py")
                if (ROOT / as_module).exists():
                    modules[alias.asname or alias.name] = str(as_module)
                else:
                    home = Path(node.module.replace(".", "/")).with_suffix(".py")
                    names[alias.asname or alias.name] = (str(home), alias.name)

    def called(function: ast.AST) -> Iterator[tuple[str, str]]:
        for node in ast.walk(function):
            match node:
                case ast.Attribute(value=ast.Name(id=home), attr=name) if home in modules:
                    yield modules[home], name
                case ast.Name(id=name):
                    yield names.get(name, (module, name))

    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {function.name: set(called(function)) for function in functions}


def audited(module: str, function: str) -> bool:
    """Say whether a function, or one that it calls, adds to the audit."""
    waiting, seen = [(module, function)], set()
    while waiting:
        one = waiting.pop()
        if one == ("core/audit.py", "note"):
            return True
        if one in seen or not (ROOT / one[0]).exists():
            continue
        seen.add(one)
        waiting += calls(one[0]).get(one[1], ())
    return False
