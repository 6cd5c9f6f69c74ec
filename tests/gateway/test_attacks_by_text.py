"""Texts of strangers stay texts: nothing they word becomes an element, a script or a template.

The whole dashboard is asked, as it is: pages that are added are attacked without a word here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from bench import pages
from core.database import reading
from core.mapping.templates import render
from core.models import Rule
from core.settings import ROOT, get_settings
from gateway import access
from gateway.app import create_app
from tests.gateway import planting, ruling
from tests.gateway.planting import PRODUCT, RECORD, Seen, planted

HERE = {**pages.PARTS, "record": RECORD, "task_id": RECORD, "record_id": RECORD}
HERE |= {"delivery_id": "1", "letter_id": "1", "rule_id": "2", "run_id": "1", "number": "1"}
HERE |= {"request_id": "b" * 32, "page": "rules", "replay_id": "1", "alert_id": "1"}
HERE |= {"user_id": "2", "session_id": "99"}  # Of others: nobody logs themselves out here.

ARGUMENTS = sorted(
    {
        name
        for path in (ROOT / "gateway").rglob("*.py")
        for name in re.findall(r"args\.get(?:list)?\(\s*\"([\w-]+)\"", path.read_text())
    }
    | {"level", "process", "request_id", "text", "actor", "subject", "kind", "about"}
)
"""What a page may be asked with, as the code names it, and what it reads by a loop."""

FORM_FIELDS = sorted(
    {
        name
        for path in (ROOT / "gateway" / "templates").rglob("*.html")
        for name in re.findall(r"\bname=\"([\w-]+)\"", path.read_text())
    }
    | set(ruling.FORM)
)

INJECTIONS = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ config }}{{ request.environ }}{{ get_settings() }}",
    "{{ title | attr('__class__') }}",
    "{{ title['__cl' ~ 'ass__'] }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}{{ os }}",
    "{% for x in range(10**9) %}x{% endfor %}",
    "{{ 'x' * 10**9 }}",
    "{{ title | format('%999999999d') }}",
)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def admin(database, redis_client, settings_env, keep_logging, monkeypatch) -> FlaskClient:
    monkeypatch.setattr(pages, "PARTS", HERE)
    settings_env.setenv("IGW_DEV_LOGIN", "true")
    get_settings.cache_clear()
    return pages.logged_in(create_app())


def asked(admin: FlaskClient) -> Iterator[str]:
    yield from pages.addresses(admin.application)
    yield from (
        f"/rules/{max(row.id for row in all_rules())}",
        "/rules/target?project=IT&issue_type=Task",
        "/search?q=in-title",
        f"/search?q={RECORD}",
        "/dead-letters/data?kind=dead",
        "/deliveries/data",
        "/log/trace/" + "b" * 32,
    )


def all_rules() -> list[Rule]:
    with reading() as session:
        return list(session.scalars(select(Rule)))


def harmless(answer) -> str:
    """Hold an answer to be harmless, and give the text in it."""
    assert answer.status_code != 500, answer.text
    assert PRODUCT not in answer.text, f"{answer.request.url} ran a template"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if answer.mimetype == "application/json":
        return json.dumps(answer.json, ensure_ascii=False)
    if answer.mimetype != "text/html":
        return ""
    seen = Seen(answer.text)
    assert seen.harm == [], answer.request.url
    return seen.text


def test_what_vendors_and_people_worded_is_shown_as_text_on_every_page(admin):
    marks = planting.plant_everywhere()

    text = ""
    for address in asked(admin):
        text += harmless(admin.get(address))
        text += harmless(admin.get(address, headers={"HX-Request": "true"}))

    unseen = {mark for mark in marks if mark not in text}
    assert unseen == set(), "planted where no page shows it, so that nothing was tried"


def test_what_an_address_holds_is_shown_as_text_on_every_page(admin):
    planting.plant_everywhere()
    assert {"q", "page", "next", "text", "sort"} <= set(ARGUMENTS)
    query = dict.fromkeys(ARGUMENTS, planted("asked"))
    shown = 0

    for address in sorted({one.partition("?")[0] for one in asked(admin)}):
        for headers in ({}, {"HX-Request": "true"}):
            shown += "asked" in harmless(admin.get(address, query_string=query, headers=headers))
            for name in ARGUMENTS:
                harmless(admin.get(address, query_string={name: planted("asked")}, headers=headers))

    assert shown > 4, "no page says what it was asked, so that nothing was tried"


def test_what_a_path_holds_is_shown_as_text(admin):
    for route in admin.application.url_map.iter_rules():
        if "GET" in (route.methods or ()) and route.arguments:
            path = re.sub(r"<[^>]*>", quote(planted("asked"), safe=""), str(route))
            for headers in ({}, {"HX-Request": "true"}, {"Accept": "text/html"}):
                harmless(admin.get(path, headers=headers))


def test_what_a_form_sends_is_shown_as_text(admin):
    planting.plant_everywhere()
    rule_id = str(max(row.id for row in all_rules()))
    form = {name: planted("sent") for name in FORM_FIELDS}
    rule = {**ruling.FORM, "rule_id": rule_id, "version": "1"}
    wrong_rule = {name: planted("sent") if name != "view" else "form" for name in rule}
    shown = 0

    for route in admin.application.url_map.iter_rules():
        decision = getattr(admin.application.view_functions[route.endpoint], access.DECISION)
        if "POST" not in (route.methods or ()) or not decision.startswith("role"):
            continue
        if route.endpoint.startswith(("auth.", "flower.")) or route.endpoint == "me.end_all":
            continue  # They would log out, or lead to another server.
        path = re.sub(r"<(?:int:)?(\w+)>", lambda part: HERE.get(part[1], "1"), str(route))
        for sent in (form, wrong_rule, {**rule, "name": planted("sent")}):
            for headers in ({}, {"HX-Request": "true"}):
                token = {"X-CSRFToken": csrf_token(admin)}
                shown += "sent" in harmless(admin.post(path, data=sent, headers=headers | token))

    assert shown > 4, "no page says what it was sent, so that nothing was tried"


def csrf_token(admin: FlaskClient) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', admin.get("/me").text)
    assert found
    return found[1]


@pytest.mark.parametrize("template", INJECTIONS)
def test_a_rule_whose_template_reaches_for_more_than_the_record_is_not_saved(admin, template):
    sent = {**ruling.FORM, "fields-0-sources-0-kind": "template"}
    sent["fields-0-sources-0-text"] = template
    headers = {"HX-Request": "true", "X-CSRFToken": csrf_token(admin)}

    told = harmless(admin.post("/rules/save", data=sent, headers=headers))

    assert "template" in told
    assert ruling.FORM["name"] not in {row.name for row in all_rules()}


def test_a_rule_whose_template_does_not_is_saved(admin):
    sent = {**ruling.FORM, "fields-0-sources-0-kind": "template"}
    sent["fields-0-sources-0-text"] = "Onboard {{ title }}{{ record.__init__.__globals__ }}"
    headers = {"HX-Request": "true", "X-CSRFToken": csrf_token(admin)}

    admin.post("/rules/save", data=sent, headers=headers)

    assert ruling.FORM["name"] in {row.name for row in all_rules()}
    # A dot reads a key of the record, so there is no such thing.
    assert render(sent["fields-0-sources-0-text"], {"title": "Olena"}).text == "Onboard Olena"
