"""Every route of the gateway says who may call it, and its pages call nobody."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from core.domains import load_domains
from core.settings import ROOT, get_settings
from gateway import access, gunicorn_config
from gateway.app import create_app

PAGES = sorted(
    path
    for folder in ("gateway", "sandbox/page")
    for kind in ("templates", "static")
    for path in (ROOT / folder / kind).rglob("*")
    if path.suffix in {".html", ".css", ".js", ".svg"}
)


@pytest.fixture
def app(settings_env, keep_logging):
    """The gateway with everything that settings can switch on."""
    settings_env.setenv("IGW_GOOGLE_CLIENT_ID", "client")
    settings_env.setenv("IGW_GOOGLE_CLIENT_SECRET", "secret")
    settings_env.setenv("IGW_GOOGLE_HOSTED_DOMAINS", "acme.example")
    settings_env.setenv("IGW_PUBLIC_URL", "https://gateway.acme.example")
    get_settings.cache_clear()
    return create_app()


def test_every_route_carries_an_access_decision(app):
    undecided = {
        f"{rule} ({rule.endpoint})"
        for rule in app.url_map.iter_rules()
        if not hasattr(app.view_functions[rule.endpoint], access.DECISION)
    }
    assert not undecided, (
        f"nobody decided who may call {undecided}: put one of the decorators of "
        "gateway/access.py right below the route"
    )


def test_only_what_is_known_to_be_harmless_is_public(app):
    public = {
        str(rule)
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], access.DECISION).startswith("public")
    }
    assert public == {
        "/healthz",
        "/readyz",
        "/assets/<path:name>",
        "/login",
        "/login/google",
        "/login/google/authorized",
    }, "a route became public: make sure that it shows nothing of anybody, then name it here"


def test_every_command_has_its_route_and_asks_for_its_role(app):
    decisions = {
        str(rule): getattr(app.view_functions[rule.endpoint], access.DECISION)
        for rule in app.url_map.iter_rules()
    }
    for domain in load_domains():
        for command in domain.commands:
            route = f"/commands/{domain.name}/{command.name}"
            assert decisions[route] == f"api key: {command.role.value}"


def test_callers_who_wait_and_live_pages_cannot_take_the_threads_of_webhooks(settings_env):
    settings_env.setenv("IGW_COMMAND_CALLERS", "100")
    settings_env.setenv("IGW_EVENT_STREAMS", "20")
    settings_env.setenv("IGW_GATEWAY_THREADS", "3")
    get_settings.cache_clear()

    config = importlib.reload(gunicorn_config)

    assert config.threads - get_settings().command_callers - get_settings().event_streams == 3
    assert config.graceful_timeout > get_settings().command_seconds, (
        "who waits while the gateway stops should still get the answer"
    )


def test_there_are_pages_to_look_at():
    assert ROOT / "gateway" / "templates" / "overview.html" in PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_loads_anything_from_a_foreign_host(page: Path):
    hosts = set(re.findall(r"(?:https?:)?//([\w.-]+\.[a-z]{2,}|\d[\d.]+)", page.read_text()))
    foreign = hosts - {"www.w3.org"}  # The name of SVG's namespace; nothing is loaded from it.
    assert not foreign, (
        f"{page} names {foreign}: keep a copy of the file in static/, since a page that loads from "
        "elsewhere tells others who uses the gateway"
    )
