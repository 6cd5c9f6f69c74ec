"""Who comes from elsewhere, or says so: redirects, forged headers, forms of foreign pages."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from bench import pages
from core.database import reading
from core.models import Audit, Base
from core.settings import get_settings
from gateway import access
from gateway.app import create_app
from gateway.auth.targets import local_path
from gateway.auth.throttle import BURST
from tests.gateway.browsing import HTMX

EVIL = "evil.example"
ELSEWHERE = (
    f"//{EVIL}",
    f"///{EVIL}",
    f"/\\{EVIL}",
    f"\\\\{EVIL}",
    f"https:{EVIL}",
    f"https:/{EVIL}",
    f"https://{EVIL}",
    f"HTTPS:\\\\{EVIL}",
    f"/\t/{EVIL}",
    f"/\n/{EVIL}",
    f"/\r\nLocation: https://{EVIL}",
    f"\x01//{EVIL}",
    f" //{EVIL}",
    f"/\u00a0/{EVIL}",
    f"//{EVIL}@127.0.0.1",
    f"javascript:alert('{EVIL}')",
    f"data:text/html,{EVIL}",
)


def stays_here(location: str) -> bool:
    """Say whether a browser, which is more generous than any library, stays on this host.

    Source: https://url.spec.whatwg.org/#concept-basic-url-parser
    """
    read = re.sub(r"[\t\n\r]", "", location.strip("".join(map(chr, range(33))))).replace("\\", "/")
    return read.startswith("/") and not read.startswith("//")


@given(st.text(alphabet="/\\\t\n\r :.@?#%25Ffa\u00a0\u2028evil", max_size=20))
def test_wherever_a_login_leads_a_browser_stays_here(target):
    assert stays_here(local_path(target))


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_door_leads_elsewhere(dashboard, target):
    stranger, known = dashboard(), dashboard()
    known.log_in()

    answers = [
        known.get(f"/login?next={quote(target, safe='')}"),
        stranger.get(f"/login?next={quote(target, safe='')}"),
        stranger.get("/links", HTMX, ("HX-Current-URL", quote(target, safe="/:\\@"))),
        stranger.post("/login/development", role="viewer", next=target),
    ]

    for answer in answers:
        where = answer.headers.get("Location") or answer.headers.get("HX-Redirect") or "/"
        assert stays_here(where), where
        assert EVIL not in urlsplit(where).netloc
        assert f'value="{target}"' not in answer.body.decode()


def test_the_tests_know_what_a_browser_would_leave_by():
    for target in ELSEWHERE[:4]:
        assert not stays_here(target)
    assert stays_here("/links?q=//x")


@pytest.mark.parametrize(
    "headers",
    [
        [("Host", EVIL)],
        [("X-Forwarded-Host", EVIL)],
        [("X-Forwarded-Proto", "https"), ("X-Forwarded-Prefix", f"//{EVIL}")],
        [("Forwarded", f"for=127.0.0.1;host={EVIL};proto=https")],
        [("X-Original-URL", f"//{EVIL}"), ("X-Rewrite-URL", "/users")],
    ],
    ids=lambda headers: headers[0][0],
)
def test_no_header_puts_its_host_into_an_answer(dashboard, headers):
    browser = dashboard()
    browser.log_in()

    for path in ("/", "/users", "/login", "/nowhere", "/flower", "/help", "/health", "/settings"):
        answer = browser.get(path, *headers)
        assert EVIL not in answer.body.decode()
        assert EVIL not in str(answer.headers)
        assert stays_here(answer.headers.get("Location", "/"))
        assert "Strict-Transport-Security" not in answer.headers


GOOGLE = {
    "dev_login": "false",
    "google_client_id": "client",
    "google_client_secret": "secret",
    "google_hosted_domains": "acme.example",
    "public_url": "https://gateway.acme.example",
}


@pytest.mark.parametrize("trusted", [0, 1])
def test_who_forges_an_address_for_each_attempt_is_still_one_caller(dashboard, trusted):
    browser = dashboard(trusted_proxies=trusted, **GOOGLE)
    statuses = []

    for number in range(3 * BURST):
        # What the caller says of itself stands first; the proxy adds whom it saw.
        forged = ("X-Forwarded-For", f"198.51.100.{number}, 203.0.113.7")
        statuses.append(browser.get("/login/google", forged).status)

    assert statuses[0] == 302
    assert 429 in statuses


def test_the_callers_of_a_trusted_proxy_are_told_apart(dashboard):
    browser = dashboard(trusted_proxies=1, **GOOGLE)

    for number in range(3 * BURST):
        caller = ("X-Forwarded-For", f"203.0.113.{number}")
        assert browser.get("/login/google", caller).status == 302


@pytest.fixture
def admin(database, redis_client, settings_env, keep_logging):
    settings_env.setenv("IGW_DEV_LOGIN", "true")
    get_settings.cache_clear()
    return pages.logged_in(create_app())


def changes() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Audit)) or 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_form_of_a_foreign_page_changes_nothing_whatever_it_is_sent_to(admin):
    """Every route that takes a form is found, and tried with the admin's own cookie."""
    tried, before = 0, changes()
    for route in admin.application.url_map.iter_rules():
        decision = getattr(admin.application.view_functions[route.endpoint], access.DECISION)
        if "POST" not in (route.methods or ()) or not decision.startswith(("role", "loopback")):
            continue
        path = re.sub(r"<any\('?([\w-]+)[^>]*>", r"\1", str(route))
        path = re.sub(r"<[^>]*>", "1", path)
        for token in ({}, {"csrf_token": "forged"}):
            foreign = {"Origin": f"https://{EVIL}", "Referer": f"https://{EVIL}/"}
            answer = admin.post(path, data={"role": "viewer", **token}, headers=foreign)
            assert answer.status_code == 400, path
            assert "reload the page" in answer.text, path
            tried += 1
    assert tried > 60
    assert changes() == before
    assert admin.get("/users").status_code == 200, "the admin is still logged in"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_looking_at_pages_changes_nothing(admin, monkeypatch):
    """A foreign page can make a browser look at any of ours: by a picture, a link, a frame."""
    before = everything()

    for address in pages.addresses(admin.application):
        admin.get(address)

    assert everything() == before


def everything() -> dict[str, list]:
    with reading() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table))]
            for table in Base.metadata.sorted_tables
        }
