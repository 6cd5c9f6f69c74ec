"""The help: every page of the documentation, and every link to one leads somewhere."""

from __future__ import annotations

import re

import pytest

from core.settings import ROOT
from gateway import documents
from gateway.documents import link_target, read, render, search
from tests.gateway.browsing import HTMX
from tests.gateway.test_pages import Page

LINKS = sorted(
    (template.name, target)
    for template in (ROOT / "gateway" / "templates").rglob("*.html")
    for target in re.findall(r"help_link\(\s*'([^']+)'", template.read_text())
    if template.name != "macros.html"
)


def html_of(text: str) -> str:
    return render(read("rules", text), lambda page, anchor: f"/help/{page}#{anchor}", str)


@pytest.fixture
def viewer(dashboard):
    browser = dashboard()
    browser.log_in("viewer")
    return browser


def test_there_are_links_to_look_at():
    assert len(LINKS) > 5


@pytest.mark.parametrize(("template", "target"), LINKS)
def test_every_link_to_the_help_leads_to_a_heading_that_exists(template, target):
    page, _, anchor = target.partition("#")
    found = documents.documents()

    assert page in found, f"{template}: there is no docs/{page}.md"
    assert not anchor or anchor in found[page].anchors, (
        f"{template}: docs/{page}.md has no heading {anchor!r}, but {sorted(found[page].anchors)}"
    )


@pytest.mark.parametrize("name", documents.documents())
def test_links_between_the_pages_lead_somewhere(name):
    found = documents.documents()
    inline = (part for token in found[name].tokens for part in token.children or [])
    for part in inline:
        target = link_target(str(part.attrGet("href")), name) if part.type == "link_open" else None
        if target is not None:
            page, anchor = target
            assert page in found
            assert not anchor or anchor in found[page].anchors


@pytest.mark.parametrize("name", documents.documents())
def test_every_page_is_shown_well_formed_without_an_id_twice(viewer, name):
    shown = Page(viewer.get(f"/help/{name}").body.decode())

    ids = shown.of("id")
    assert len(ids) == len(set(ids))
    assert [tag for tag, _ in shown.elements].count("h1") == 1
    assert documents.documents()[name].title in shown.text


def test_raw_html_is_text_and_no_link_runs_a_script():
    html = html_of("# T\n\n<script>alert(1)</script> <b onclick=x>b</b> [x](javascript:alert(1))\n")

    assert "<script" not in html
    assert "<b" not in html
    assert 'href="javascript' not in html


def test_links_between_pages_become_addresses_of_the_help():
    html = html_of("# T\n\n[a](operations.md#alerts) [b](#t) [c](https://example.com/)\n")

    assert 'href="/help/operations#alerts"' in html
    assert 'href="/help/rules#t"' in html
    assert '<a href="https://example.com/" rel="noreferrer">' in html


def test_two_headings_of_the_same_words_have_anchors_of_their_own():
    document = read("x", "# T\n\n## A, b?\n\n## A b\n\n**Bold words.** More.\n")

    assert [one.anchor for one in document.sections] == ["t", "a-b", "a-b-1", "bold-words"]


def test_a_search_gives_headings_before_texts():
    found = {
        "one": read("one", "# One\n\n## Other\n\nA word about lanes.\n"),
        "two": read("two", "# Two\n\n## Lanes\n\nNothing else.\n"),
    }

    hits = search(found, "LANES")

    assert [(hit.document.name, hit.section.title) for hit in hits] == [
        ("two", "Lanes"),
        ("one", "Other"),
    ]
    assert hits[1].snippet == "A word about lanes."
    assert search(found, "   ") == []


def test_a_search_is_a_page_and_for_htmx_a_fragment(viewer):
    page = viewer.get("/help/?q=tripped").body.decode()
    part = viewer.get("/help/?q=tripped", HTMX).body.decode()

    assert "/help/rules#tripped-rules" in page
    assert "/help/rules#tripped-rules" in part
    assert "<html" in page
    assert "<html" not in part


def test_a_search_that_finds_nothing_says_so_without_running_what_was_typed(viewer):
    html = viewer.get("/help/?q=%3Cscript%3Ealert(1)%3C/script%3E").body.decode()

    assert "Nothing in the help has all of these words" in html
    assert "<script>alert" not in html


def test_without_a_question_the_help_begins_at_its_first_page(viewer):
    answer = viewer.get("/help/")

    assert answer.status in {302, 303}
    assert answer.headers["Location"] == "/help/dashboard"


@pytest.mark.parametrize(
    "path", ["none", "..%2fpyproject", "pictures/../../pyproject.toml", "pictures/rules.md"]
)
def test_nothing_but_the_documentation_is_given_out(viewer, path):
    assert viewer.get(f"/help/{path}").status == 404


def test_the_wheel_has_the_pages_that_the_help_shows():
    assert '"docs"' in (ROOT / "pyproject.toml").read_text()
