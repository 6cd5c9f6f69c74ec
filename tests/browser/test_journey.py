"""What an admin does in the dashboard, from the log-in to a mended rule, in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TypeVar

import pytest
from axe import violations
from playwright.sync_api import Page, expect

from tests.support.vendors import JiraControl, PeopleForceControl

pytestmark = pytest.mark.e2e

T = TypeVar("T")

SECONDS = 60
OFFICE = "customfield_10041"
OFFICE_OF_IT = f"/schema/projects/IT/types/Task/fields/{OFFICE}"
RULE = "Laptops"

expect.set_options(timeout=SECONDS * 1000)


@pytest.fixture(scope="module")
def people(stack) -> PeopleForceControl:
    return PeopleForceControl(stack.url("sandbox_peopleforce"))


@pytest.fixture(scope="module")
def jira(stack) -> JiraControl:
    return JiraControl(stack.url("sandbox_jira"))


def within(condition: Callable[[], T], what: str) -> T:
    deadline = time.monotonic() + SECONDS
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {SECONDS} s: {what}")
        time.sleep(0.2)
    return value


def shuts_nobody_out(page: Page) -> None:
    """Hold a state of a page, which only a running gateway has, to what `test_every_page` does."""
    found = violations(page)
    assert not found, "\n".join(found)


def write_rule(page: Page) -> None:
    """Fill in the editor: tasks named so go to IT, which demands the office."""
    page.goto("/rules/new")
    page.get_by_label("Name", exact=True).fill(RULE)
    page.get_by_label("Priority").fill("5")
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("Path", exact=True).first.fill("$.title")
    page.locator("#conditions-0-operator").select_option("glob")
    page.locator("#conditions-0-value").fill(f"{RULE} *")
    page.get_by_label("Project").fill("IT")
    page.get_by_label("Project").press("Tab")
    page.get_by_label("Issue type").fill("Task")
    page.get_by_label("Issue type").press("Tab")


def test_an_admin_makes_a_rule_sees_it_work_trip_and_work_again(visit, people, jira):
    admin = visit("admin")
    page = admin.page
    first = people.create(title=f"{RULE} for Olena")

    within(lambda: jira.issue_of(first["id"]), "the poll to see the first task")
    write_rule(page)
    # Jira demands the office, and the editor says so before anything is saved.
    page.get_by_role("button", name="Fill Office").click()
    page.get_by_label("Value 1 of Office").fill("Lviv")
    page.get_by_role("button", name="Fill Summary").click()
    page.locator("#fields-1-sources-0-kind").select_option("path")
    page.locator("#fields-1-sources-0-text").fill("$.title")
    expect(page.locator("#preview")).to_contain_text("fits Jira", ignore_case=True)
    shuts_nobody_out(page)
    page.get_by_role("button", name="Save, out of force for now").click()
    page.get_by_role("button", name="Enable").click()
    expect(page.locator("#rule-state .tag").first).to_have_text("active")
    rule_page = page.url

    second = people.create(title=f"{RULE} for Taras")
    issue = within(lambda: jira.issue_of(second["id"]), "the new task's issue")
    assert issue["key"].startswith("IT-")
    page.goto(f"/search?q={second['id']}")
    expect(page.locator("main")).to_contain_text(issue["key"])

    # Two browsers live at once: the other one sees what happens without a reload.
    onlooker = visit("viewer")
    onlooker.go("/")

    # Another option takes the place of the one that the rule sends; Jira refuses the next create.
    jira.ask("PATCH", OFFICE_OF_IT, {"delete_options": ["Lviv"], "add_options": ["Lviv HQ"]})
    third = people.create(title=f"{RULE} for Iryna")
    expect(onlooker.page.locator("main")).to_contain_text(f"{RULE}")
    expect(onlooker.page.locator("main")).to_contain_text("tripped", ignore_case=True)
    shuts_nobody_out(onlooker.page)

    page.goto(rule_page)
    expect(page.locator("#rule-state")).to_contain_text("Tripped")
    page.get_by_role("link", name=re.compile("Fit and held changes")).click()
    page.get_by_role("button", name="Look for changes that would help").click()
    mend = page.get_by_role("button", name="Change the rule so").first
    mend.wait_for()
    shuts_nobody_out(page)
    mend.click()
    page.get_by_role("button", name="Do it").click()
    expect(page.locator("#rule-state")).to_contain_text("version 2")

    page.goto(rule_page)
    page.get_by_label("send what it holds").check()
    page.get_by_role("button", name="Enable").click()

    expect(page.locator("#rule-state .tag").first).to_have_text("active")
    mended = within(lambda: jira.issue_of(third["id"]), "the held task's issue")
    assert mended["key"].startswith("IT-")


def test_a_viewer_sees_no_button_of_an_admin_and_the_server_refuses_it_as_well(visit):
    viewer = visit("viewer")
    page = viewer.go("/rules/1")
    assert page.locator("main button[type=submit]").count() == 0
    assert page.get_by_role("link", name="Users").count() == 0

    refused = page.evaluate(
        """async () => (await fetch("/rules/1/disable", {
            method: "POST",
            headers: {"X-CSRFToken": document.querySelector("meta[name=csrf-token]").content},
        })).status"""
    )
    page.goto("/users")

    assert refused == 403
    expect(page.locator("main")).to_contain_text("An admin can change your role")
