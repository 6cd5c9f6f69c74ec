"""No foreign page can change anything: every such route asks for a token, every form has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from core.settings import ROOT
from gateway import access
from gateway.app import create_app

TEMPLATES = sorted((ROOT / "gateway" / "templates").rglob("*.html"))
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
WITHOUT_COOKIE = ("signed", "api key")
"""Decisions by which a browser's cookie opens nothing, so that a foreign page gains nothing."""


@pytest.fixture
def app(settings_env, keep_logging) -> Flask:
    return create_app()


def test_every_route_that_changes_something_by_cookie_asks_for_a_token(app):
    client = app.test_client()
    unguarded = []
    for rule in app.url_map.iter_rules():
        decision = getattr(app.view_functions[rule.endpoint], access.DECISION)
        for method in (rule.methods or set()) & CHANGING:
            if decision.startswith(WITHOUT_COOKIE):
                continue
            path = re.sub(r"<any\('?([\w-]+)[^>]*>", r"\1", str(rule))
            path = re.sub(r"<[^>]*>", "1", path)
            answer = client.open(path, method=method)
            if answer.status_code != 400 or b"reload the page" not in answer.get_data():
                unguarded.append(f"{method} {rule}")
    assert not unguarded, (
        f"{unguarded} can be called from any page in the same browser: register the blueprint "
        "without an exemption from CSRF, so that gateway/protection.py guards it"
    )


def test_only_what_no_cookie_opens_is_exempt_from_the_token(app):
    exempt = {bp.name for bp in app.extensions["csrf"]._exempt_blueprints}
    decisions = {
        str(rule): getattr(app.view_functions[rule.endpoint], access.DECISION)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in exempt
    }
    by_cookie = {r for r, decision in decisions.items() if not decision.startswith(WITHOUT_COOKIE)}
    # Flower's scripts send a header instead, and the test above sees that it is asked for.
    assert {route for route in by_cookie if not route.startswith("/flower/")} == set()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_form_that_is_posted_has_a_token(template: Path):
    html = template.read_text()
    for form in re.findall(r"<form\b.*?</form>", html, re.DOTALL):
        head = form[: form.index(">") + 1]
        if re.search(r'method="?post', head, re.IGNORECASE):
            assert "csrf()" in form or "csrf_token" in form, (
                f"{template.name}: {head} needs {{{{ csrf() }}}} of macros.html"
            )


def test_htmx_sends_the_token_with_every_request():
    script = (ROOT / "gateway" / "static" / "app.js").read_text()
    base = (ROOT / "gateway" / "templates" / "base.html").read_text()

    assert 'name="csrf-token" content="{{ csrf_token() }}"' in base
    assert 'headers["X-CSRFToken"] = csrfToken' in script
