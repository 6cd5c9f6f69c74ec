"""Planted texts in a real browser, where scripts draw tables and lines from data."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.gateway import planting
from tests.support.visiting import Visitor

DRAWN = {
    "/": "in-alert",
    "/links": "in-title",
    "/deliveries": "in-topic",
    "/dead-letters": "in-letter",
    "/activity": "in-activity",
    "/audit": "in-subject",
    "/rules": "in-rule-name",
    f"/records/{planting.RECORD}": "in-title",
}
"""Pages, and a mark that each shows."""


@pytest.fixture
def visitor(dashboard, browser) -> Iterator[Visitor]:
    browser_of_http = dashboard()
    planting.plant_everywhere()
    visitor = Visitor(browser, f"http://127.0.0.1:{browser_of_http._caller.port}")
    visitor.log_in("admin")
    yield visitor
    visitor.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_was_planted_is_drawn_as_text_on_every_page_with_a_script(visitor):
    dialogs: list[str] = []
    visitor.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))

    for path, mark in DRAWN.items():
        page: Page = visitor.go(path)
        expect(page.get_by_text(mark).first).to_be_attached()
        assert page.locator("img[src=x], [onerror]").count() == 0, path

    assert dialogs == []
    assert visitor.complaints == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_script_that_came_into_a_page_all_the_same_would_not_run(visitor):
    """The policy is the second wall; the first one is pulled down here by hand."""
    page = visitor.go("/links")

    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'taken over'";
        document.body.append(script);
        const picture = document.createElement("div");
        picture.innerHTML = "<img src=x onerror=\\"document.title = 'taken over'\\">";
        document.body.append(picture);
    }""")
    page.wait_for_timeout(500)

    assert "taken over" not in page.title()
    refused = [one for one in visitor.complaints if "Content Security Policy" in one]
    assert len(refused) >= 2
