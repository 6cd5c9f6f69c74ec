"""The rules' editor on a slow line: the server draws the form anew while a person goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.visiting import WIDE, Visitor

pytestmark = pytest.mark.e2e

LATENCY_MS = 700
LINE = {"offline": False, "downloadThroughput": -1, "uploadThroughput": -1}


@pytest.fixture
def page(filled_gateway, browser) -> Iterator[Page]:
    """A new rule, before an admin far away."""
    visitor = Visitor(browser, filled_gateway, viewport=WIDE)
    visitor.log_in("admin")
    page = visitor.go("/rules/new")
    line = visitor.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", {**LINE, "latency": LATENCY_MS})
    yield page
    visitor.close()
    assert visitor.complaints == []


def test_what_is_changed_while_the_form_is_drawn_anew_stays(page):
    page.get_by_role("button", name="Add a condition").click()
    operator, value = page.locator("#conditions-0-operator"), page.locator("#conditions-0-value")
    operator.evaluate("(element) => { element.dataset.old = 'yes' }")

    operator.select_option("glob")
    value.fill("Laptop *")
    page.locator("#conditions-0-type").select_option("number")
    page.get_by_label("Name", exact=True).fill("Laptops")
    page.get_by_label("Priority").fill("7")
    page.wait_for_function("() => !document.querySelector('[data-old]')")

    expect(value).to_have_value("Laptop *")
    expect(operator).to_have_value("glob")
    expect(page.locator("#conditions-0-type")).to_have_value("number")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Laptops")
    expect(page.get_by_label("Priority")).to_have_value("7")


def test_a_second_step_waits_for_the_first_one(page):
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("Another field").fill("labels")
    page.get_by_role("button", name="Add the field").click()

    expect(page.locator("#fields-0")).to_be_visible()
    expect(page.locator("#conditions-0-path")).to_be_visible()
