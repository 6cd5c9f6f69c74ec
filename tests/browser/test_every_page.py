"""Every page can be used by everybody: read out, in either theme, on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from axe import violations
from filled import addresses
from playwright.sync_api import Page

from gateway.app import create_app
from gateway.dashboard.navigation import MENU
from tests.support.visiting import PHONE, WIDE, Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

IS_PAGE = "document.querySelector('meta[name=viewport]') !== null"
SETTLED = """() => !document.querySelector('.htmx-request') &&
    [...document.querySelectorAll('[data-table]')].every(
        (table) => table.querySelector('.tabulator-row, .table-empty'))"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Seen:
    """What was found on the pages, by address."""

    pages: list[str] = field(default_factory=list)
    barriers: list[str] = field(default_factory=list)
    too_wide: dict[str, int] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture
def app(settings_env, keep_logging):
    return create_app()


@pytest.fixture
def look(filled_gateway, browser) -> Iterator[Callable[..., Seen]]:
    """Look at addresses as somebody with a role sees them."""
    visitors: list[Visitor] = []

    def looked(paths: list[str], role: str | None, act: Callable[[Page], None] | None = None):
        visitor = Visitor(browser, filled_gateway, viewport=WIDE, reduced_motion="reduce")
        visitors.append(visitor)
        if role:
            visitor.log_in(role)
        seen = Seen(complaints=visitor.complaints)
        for path in paths:
            page = visitor.go(path)
            if page.evaluate(IS_PAGE):
                if act:
                    act(page)
                _look(page, path, seen)
        return seen

    yield looked
    for visitor in visitors:
        visitor.close()


def _look(page: Page, path: str, seen: Seen) -> None:
    page.wait_for_function(SETTLED)
    seen.pages.append(path)
    seen.barriers += [f"{path}: {found}" for found in violations(page)]
    page.set_viewport_size(PHONE)
    page.wait_for_function(f"() => innerWidth === {PHONE['width']}")
    if (pixels := page.evaluate(TOO_WIDE)) > 0:
        seen.too_wide[path] = pixels
    page.set_viewport_size(WIDE)


def is_well(seen: Seen) -> None:
    assert not seen.barriers, "\n".join(seen.barriers)
    assert seen.too_wide == {}, "pixels by which a page is wider than a phone"
    assert seen.complaints == []


def test_every_page_of_the_routes_and_the_menu_shuts_nobody_out(app, look):
    with app.test_request_context():
        menu = {app.url_for(entry.endpoint) for entries in MENU.values() for entry in entries}

    routes = {path for path in addresses(app) if "?" not in path}

    seen = look(sorted(menu | routes | {"/search?q=laptop"}), "admin")

    assert menu <= set(seen.pages)
    is_well(seen)


def test_the_editor_as_yaml_shuts_nobody_out(look):
    def to_yaml(page: Page) -> None:
        page.get_by_role("button", name="Edit as YAML").click()
        page.get_by_label("The rule as YAML").wait_for()

    seen = look(["/rules/2"], "admin", to_yaml)

    assert seen.pages
    is_well(seen)


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("/login", None),
        ("/nowhere", "viewer"),
        ("/users", "viewer"),
        ("/rules/2", "viewer"),
        ("/records/7000003", "operator"),
    ],
    ids=["log-in", "not found", "refused", "a rule for viewers", "a record for operators"],
)
def test_what_others_are_shown_shuts_nobody_out(look, path, role):
    seen = look([path], role)

    assert seen.pages
    is_well(seen)
