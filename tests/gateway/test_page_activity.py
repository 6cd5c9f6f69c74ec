"""The activity and the audit, part by part."""

from __future__ import annotations

import re

import pytest

from core import audit
from core.database import writing
from core.lists import feeds
from tests.gateway.browsing import HTMX
from tests.gateway.records import XSS, tell
from tests.gateway.test_pages import page

PART = (HTMX, ("HX-Request-Type", "partial"))


def test_the_activity_is_filtered_and_leads_to_stories(admin):
    tell()
    tell("12")

    everything = page(admin.get("/activity"))
    found = page(admin.get("/activity?record=hr-12&kind=updated"))

    assert {"/records/11", "/records/12"} <= set(everything.of("href"))
    assert "/records/12" in found.of("href")
    assert "/records/11" not in found.of("href")
    assert "Nothing was done yet that fits this" in page(admin.get("/activity?text=zzz")).text


def test_what_is_older_comes_by_a_button(admin, monkeypatch):
    monkeypatch.setattr(feeds, "SIZE", 2)
    for number in (1, 2, 3):
        tell(str(number))

    first = admin.get("/activity", *PART).body.decode()
    [address] = re.findall(r'hx-get="(/activity\?before=[^"]+)"', first)
    rest = admin.get(address, *PART).body.decode()

    assert "/records/3" in first
    assert "/records/1" not in first
    assert "/records/1" in rest
    assert "<ol" not in rest
    assert "That is all." in rest


def test_the_audit_shows_before_and_after_as_text(admin):
    with writing() as session:
        audit.note(
            session,
            "iryna@acme.example",
            "changed",
            "rule Laptops",
            before={"name": "Laptops", "priority": 10},
            after={"name": XSS, "priority": 20},
            why="a new office",
        )

    answer = admin.get("/audit?about=office")

    found = page(answer)
    assert "iryna@acme.example" in found.text
    assert "-priority: 10" in found.text
    assert "+priority: 20" in found.text
    assert "<script>alert" not in answer.body.decode()


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_the_audit_is_for_admins(dashboard, role):
    browser = dashboard()
    browser.log_in(role)

    assert browser.get("/audit").status == 403
    assert "/audit" not in page(browser.get("/activity")).of("href")
