"""The whole way to Google and back, through real HTTP, with a Google that lies on demand."""

from __future__ import annotations

import json
import logging
import threading
from urllib.parse import parse_qs, urlsplit

import google
import pytest
import requests
from flask import Flask

from core import audit, users
from core.database import reading, writing
from core.models import Role
from core.settings import get_settings
from gateway.auth.google import GOOGLE, AtPublicUrl, GoogleBlueprint
from tests.gateway.browsing import Browser
from tests.gateway.conftest import Answer

SETTINGS = {
    "dev_login": "false",
    "google_client_id": google.CLIENT,
    "google_client_secret": google.SECRET,
    "google_hosted_domains": "acme.example, acme.org",
    "public_url": "https://gateway.acme.example",
    "first_admin": "boss@acme.example",
}


@pytest.fixture
def fake(monkeypatch):
    # The stand-in has no TLS; nothing but a test sets this.
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    with google.running_google() as stand_in:
        monkeypatch.setattr("gateway.auth.google.GOOGLE", stand_in.addresses)
        yield stand_in


@pytest.fixture
def person(dashboard, fake):
    return dashboard(**SETTINGS)


def to_google(browser: Browser, path: str = "/login/google") -> str:
    """Go to Google, say yes there, and give the path to which it sends the browser back."""
    leaving = browser.get(path)
    assert leaving.status == 302, leaving.body
    back = requests.get(leaving.headers["Location"], allow_redirects=False, timeout=5)
    assert back.status_code == 302, back.text
    parts = urlsplit(back.headers["Location"])
    assert (parts.scheme, parts.netloc) == ("https", "gateway.acme.example")
    return f"{parts.path}?{parts.query}"


def log_in(browser: Browser, path: str = "/login/google") -> Answer:
    return browser.get(to_google(browser, path))


def logged_in(browser: Browser) -> bool:
    return browser.get("/login").status == 303


def refused(answer: Answer, *words: str) -> None:
    assert answer.status in {400, 403}, answer.body
    for word in words:
        assert word in answer.body.decode()


def test_somebody_of_the_company_comes_in_as_viewer(person, fake):
    answer = log_in(person, "/login/google?next=/links?page%3D2")

    assert (answer.status, answer.headers["Location"]) == (303, "/links?page=2")
    assert logged_in(person)
    with reading() as session:
        user = users.find(session, "olena@acme.example")
        assert user is not None
        assert (user.name, user.role, user.google_id) == ("Olena Bondar", Role.VIEWER, "1001")
        [row] = audit.latest(session, limit=1)
    assert (row.actor, row.action, row.after) == (
        "olena@acme.example",
        "logged in",
        {"by": "google"},
    )


def test_google_is_asked_with_state_nonce_and_pkce_and_for_accounts_of_a_workspace(person, fake):
    to_google(person)
    to_google(person)

    first, second = fake.asked
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 20
        assert first[name] != second[name]
    assert (first["code_challenge_method"], first["hd"]) == ("S256", "*")
    assert first["redirect_uri"] == google.CALLBACK


@pytest.mark.parametrize(
    "header",
    [
        ("Host", "evil.example"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "http"),
        ("Forwarded", "host=evil.example"),
    ],
)
def test_no_header_decides_where_google_sends_people(person, fake, header):
    location = person.get("/login/google", header).headers["Location"]

    assert parse_qs(urlsplit(location).query)["redirect_uri"] == [google.CALLBACK]


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"hd": "evil.example"}, ("not an account of this company", "acme.example, acme.org")),
        ({"hd": None}, ("not an account of this company",)),
        ({"hd": "sub.acme.example"}, ("not an account of this company",)),
        ({"hd": ["acme.example"]}, ("not an account of this company",)),
        ({"hd": ""}, ("not an account of this company",)),
        ({"email_verified": False}, ("has not verified",)),
        ({"email_verified": None}, ("has not verified",)),
        ({"email_verified": "true"}, ("has not verified",)),
        ({"email": None}, ("did not say who you are",)),
        ({"email": "no address"}, ("named an address",)),
    ],
    ids=str,
)
def test_who_is_not_of_the_company_stays_outside(person, fake, claims, words):
    fake.claims = claims

    answer = log_in(person)

    refused(answer, *words)
    assert not logged_in(person)
    with reading() as session:
        [row] = audit.latest(session, limit=1)
        assert users.listed(session)[1] == 0
    assert row.action == "was refused at log-in"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-client"},
        {"aud": [google.CLIENT, "another-client"]},
        {"iss": "https://accounts.evil.example"},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"nonce": "another log-in's"},
        {"nonce": None},
        {"nonce": "é"},
        {"sub": None},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_login_is_not_believed(person, fake, claims):
    fake.claims = claims

    refused(log_in(person), "not finished")
    assert not logged_in(person)


def test_a_token_that_google_did_not_sign_is_not_believed(person, fake):
    fake.forge()

    refused(log_in(person), "not finished")
    assert not logged_in(person)


def test_google_may_change_its_key(person, fake):
    fake.key = "second"

    assert log_in(person).status == 303


def test_another_domain_of_the_company_is_as_good(person, fake):
    fake.claims = {"hd": "ACME.org"}

    assert log_in(person).status == 303


def test_the_way_back_works_for_the_browser_that_went_and_once(person, dashboard, fake):
    way_back = to_google(person)
    other = dashboard()

    refused(other.get(way_back), "not finished")
    to_google(other)
    refused(other.get(way_back), "not finished")
    assert person.get(way_back).status == 303
    refused(person.get(way_back), "not finished")


@pytest.mark.parametrize(
    "query",
    ["", "?state=forged&code=4/x", "?code=4/x", "?error=access_denied&error_description=<script>"],
)
def test_a_way_back_that_google_did_not_make_is_refused_in_words(person, fake, query):
    to_google(person)

    answer = person.get(f"/login/google/authorized{query}")

    refused(answer, "not finished")
    assert b"<script>" not in answer.body
    assert not logged_in(person)


def test_while_google_is_down_people_are_told_to_try_again(person, fake):
    fake.answers = False

    refused(log_in(person), "try again")


def test_neither_code_nor_token_nor_address_is_logged(person, fake, caplog):
    caplog.set_level(logging.INFO)
    way_back = to_google(person)
    code = parse_qs(urlsplit(way_back).query)["code"][0]
    person.get(way_back)
    person.get(way_back)
    fake.claims = {"hd": "evil.example"}
    log_in(person)

    ours = [r for r in caplog.records if r.name.startswith(("gateway", "core"))]
    logged = " ".join(json.dumps(vars(r), default=str) for r in ours)
    assert "google_login_failed" in logged
    for secret in (code, google.SECRET, "planted-access-token", "olena", "Olena"):
        assert secret not in logged


def test_the_first_admin_is_who_the_settings_name_as_long_as_there_is_none(person, dashboard, fake):
    fake.person |= {"sub": "1", "email": "Boss@acme.example"}
    log_in(person)
    with writing() as session:
        boss = users.find_or_refuse(session, "boss@acme.example")
        assert boss.role is Role.ADMIN
        users.invite(session, "next@acme.example", Role.ADMIN, "pytest")
        users.change_role(session, boss, Role.VIEWER, "pytest")

    log_in(dashboard())

    with reading() as session:
        assert users.find_or_refuse(session, "boss@acme.example").role is Role.VIEWER


def test_who_was_invited_has_the_role_from_the_first_login_on(person, fake):
    with writing() as session:
        users.invite(session, "OLENA@acme.example", Role.OPERATOR, "pytest")

    log_in(person)

    with reading() as session:
        assert users.find_or_refuse(session, "olena@acme.example").role is Role.OPERATOR
        assert users.listed(session)[1] == 1


def test_where_an_invitation_is_needed_nobody_comes_in_without(dashboard, fake):
    person = dashboard(**SETTINGS, invited_only="true")

    refused(log_in(person), "has no invitation", "An admin can invite you")
    with writing() as session:
        users.invite(session, "olena@acme.example", Role.VIEWER, "pytest")
    assert log_in(person).status == 303


def test_an_address_that_passed_to_somebody_else_opens_nothing(person, dashboard, fake):
    log_in(person)
    fake.person["sub"] = "2002"
    other = dashboard()

    refused(log_in(other), "belonged to another Google account", "enables it again")

    with writing() as session:
        user = users.find_or_refuse(session, "olena@acme.example")
        users.disable(session, user, "pytest")
    refused(log_in(other), "was taken away")
    with writing() as session:
        user = users.find_or_refuse(session, "olena@acme.example")
        users.enable(session, user, "pytest")
    assert log_in(other).status == 303


def test_who_gets_another_address_stays_the_same_person(person, fake):
    log_in(person)
    with writing() as session:
        user = users.find_or_refuse(session, "olena@acme.example")
        users.change_role(session, user, Role.OPERATOR, "pytest")
    fake.person["email"] = "olena.shevchenko@acme.example"

    log_in(person)

    with reading() as session:
        assert users.find(session, "olena@acme.example") is None
        user = users.find_or_refuse(session, "olena.shevchenko@acme.example")
        assert user.role is Role.OPERATOR


def test_behind_tls_the_cookie_and_the_browser_are_told_so(person, fake):
    answer = log_in(person)

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-igw=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_two_logins_at_once_do_not_share_what_flask_dance_keeps(settings_env):
    """Its session is one for all threads otherwise, with the state and the PKCE key of the last."""
    app = Flask(__name__)
    blueprint = GoogleBlueprint(get_settings(), GOOGLE)
    both = threading.Barrier(2)
    seen = []

    def use(name: str) -> None:
        with app.test_request_context():
            blueprint.session._state = name
            blueprint.token_url_params["code_verifier"] = name
            both.wait(10)
            seen.append((blueprint.session._state, blueprint.token_url_params["code_verifier"]))
            blueprint.teardown_session()
            both.wait(10)
            assert blueprint.session._state == name

    threads = [threading.Thread(target=use, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(seen) == [("a", "a"), ("b", "b")]


def test_only_the_way_back_from_google_is_moved_to_the_public_address():
    hosts = AtPublicUrl(lambda environ, _: [environ["HTTP_HOST"].encode()], SETTINGS["public_url"])
    for path, host in (("/healthz", b"127.0.0.1"), ("/login/google", b"gateway.acme.example")):
        environ = {"PATH_INFO": path, "HTTP_HOST": "127.0.0.1"}
        assert list(hosts(environ, lambda *_: lambda _: None)) == [host]
