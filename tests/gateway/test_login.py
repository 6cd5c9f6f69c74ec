"""Logging in, staying logged in, and being logged out, through real HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask_wtf.csrf import csrf_meta_tag
from sqlalchemy import select, text, update

from core import audit, users, web_sessions
from core.clock import now
from core.database import get_engine, reading, writing
from core.models import Role, User, WebSession
from core.settings import get_settings
from gateway.access import role_required
from gateway.app import create_app
from gateway.auth.throttle import BURST
from tests.gateway.browsing import HTMX
from tests.gateway.conftest import Answer


@pytest.fixture(autouse=True)
def pages(monkeypatch):
    """Three pages that ask for one role each, in an app that is otherwise the real one."""

    def with_pages():
        app = create_app()
        for role in Role:
            view = role_required(role)(csrf_meta_tag)
            methods = ["GET", "POST"]
            app.add_url_rule(f"/for/{role.value}", f"for_{role.value}", view, methods=methods)
        return app

    monkeypatch.setattr("tests.gateway.conftest.create_app", with_pages)


def change(email: str, **values) -> None:
    with writing() as session:
        session.execute(update(User).where(User.email == email).values(**values))


def change_sessions(**values) -> None:
    with writing() as session:
        session.execute(update(WebSession).values(**values))


def told(answer: Answer) -> str:
    return answer.body.decode()


@pytest.mark.parametrize("role", Role)
def test_who_is_logged_in_sees_what_the_role_may_see(dashboard, role):
    browser = dashboard()

    answer = browser.log_in(role.value)

    assert (answer.status, answer.headers["Location"]) == (303, "/")
    seen = {r for r in Role if browser.get(f"/for/{r.value}").status == 200}
    assert seen == {r for r in Role if role.covers(r)}


def test_a_stranger_is_sent_to_the_login_and_comes_back(dashboard):
    browser = dashboard()

    answer = browser.get("/for/viewer?q=a%20b&page=2")

    assert answer.status == 303
    assert answer.headers["Location"] == "/login?next=/for/viewer?q%3Da%2520b%26page%3D2"
    browser.get(answer.headers["Location"])
    assert 'value="/for/viewer?q=a%20b&amp;page=2"' in browser.seen[-1]
    back = browser.post("/login/development", role="viewer", next="/for/viewer?q=a%20b&page=2")
    assert back.headers["Location"] == "/for/viewer?q=a%20b&page=2"


def test_htmx_is_told_to_leave_the_page_and_comes_back_to_it(dashboard):
    shown = ("HX-Current-URL", "http://127.0.0.1/rules?state=active")

    answer = dashboard().get("/for/viewer", HTMX, shown)

    assert (answer.status, answer.body) == (401, b"")
    assert answer.headers["HX-Redirect"] == "/login?next=/rules?state%3Dactive"


@pytest.mark.parametrize(
    "header", [("Accept", "text/event-stream"), ("Sec-Fetch-Mode", "cors")], ids=str
)
def test_a_script_is_told_plainly_that_nobody_is_logged_in(dashboard, header):
    answer = dashboard().get("/for/viewer", header)

    assert (answer.status, answer.json["error"]) == (401, "unauthorized")


def test_too_low_a_role_is_told_which_one_it_takes_and_who_can_give_it(dashboard):
    with writing() as session:
        users.invite(session, "boss@acme.example", Role.ADMIN, "pytest")
    browser = dashboard()
    browser.log_in("viewer")

    for headers in ([], [HTMX], [("Sec-Fetch-Mode", "cors")]):
        answer = browser.get("/for/admin", *headers)

        assert answer.status == 403
        assert "takes the role admin, and you have the role viewer" in told(answer)
        assert "boss@acme.example" in told(answer)


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "/%09/evil.example\n",
        "\\\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "evil.example",
        "/\x00/evil.example",
        " //evil.example",
        "/login",
        "/login/google",
        "",
    ],
)
def test_nobody_is_sent_elsewhere_after_logging_in(dashboard, target):
    browser = dashboard()
    browser.get("/login")

    answer = browser.post("/login/development", role="viewer", next=target)

    assert (answer.status, answer.headers["Location"]) == (303, "/")


def test_a_cookie_from_before_the_login_is_worth_nothing_after_it(dashboard):
    browser, planted = dashboard(), dashboard()
    browser.get("/login")
    planted.cookies = dict(browser.cookies)

    browser.log_in()

    assert browser.get("/for/viewer").status == 200
    assert planted.get("/for/viewer").status == 303


def test_logging_in_again_ends_the_login_before(dashboard):
    browser, copy = dashboard(), dashboard()
    browser.log_in("admin")
    copy.cookies = dict(browser.cookies)
    browser.get("/for/viewer")

    browser.post("/login/development", role="viewer")

    assert browser.get("/for/viewer").status == 200
    assert copy.get("/for/viewer").status == 303


def test_after_the_logout_a_copy_of_the_cookie_opens_nothing(dashboard):
    browser, copy = dashboard(), dashboard()
    browser.log_in()
    copy.cookies = dict(browser.cookies)

    browser.get("/for/viewer")

    answer = browser.post("/logout")

    assert (answer.status, answer.headers["Location"]) == (303, "/login")
    assert browser.get("/for/viewer").status == 303
    assert copy.get("/for/viewer").status == 303


def test_a_role_that_was_changed_counts_from_the_next_request_on(dashboard):
    browser = dashboard()
    browser.log_in("admin")

    change("admin@development.invalid", role=Role.OPERATOR)

    assert browser.get("/for/admin").status == 403
    assert browser.get("/for/operator").status == 200


def test_who_was_disabled_is_out_with_the_next_request(dashboard):
    browser = dashboard()
    browser.log_in("viewer")

    change("viewer@development.invalid", disabled_at=now())

    assert browser.get("/for/viewer").status == 303


@pytest.mark.parametrize(
    "ended",
    [
        {"revoked_at": now()},
        {"expires_at": now() - timedelta(seconds=1)},
        {"last_seen_at": now() - timedelta(minutes=31)},
    ],
    ids=lambda values: next(iter(values)),
)
def test_a_login_that_is_over_opens_nothing(dashboard, ended):
    browser = dashboard(session_idle_minutes=30)
    browser.log_in()
    change_sessions(last_seen_at=now() - timedelta(minutes=29))
    assert browser.get("/for/viewer").status == 200

    change_sessions(**ended)

    assert browser.get("/for/viewer").status == 303


def test_use_is_noted_once_a_minute(dashboard):
    browser = dashboard()
    browser.log_in()
    seen = [last_seen()]
    browser.get("/for/viewer")
    seen.append(last_seen())
    change_sessions(last_seen_at=now() - timedelta(seconds=61))
    browser.get("/for/viewer")
    seen.append(last_seen())

    assert seen[0] == seen[1] < seen[2]


def last_seen():
    with reading() as session:
        return session.scalars(select(WebSession.last_seen_at)).one()


def test_a_token_is_nowhere_in_the_database(dashboard):
    browser = dashboard()
    browser.log_in()

    [cookie] = browser.cookies.values()
    with get_engine().connect() as connection:
        rows = str(connection.execute(text("SELECT * FROM web_sessions")).all())
    token = token_in(cookie)
    assert token not in rows
    with reading() as session:
        assert web_sessions.find(session, token) is not None


def token_in(cookie: str) -> str:
    app = create_app()
    serializer = app.session_interface.get_signing_serializer(app)  # ty: ignore[missing-attribute]
    return serializer.loads(cookie)["token"]


def test_a_cookie_that_we_did_not_sign_opens_nothing(dashboard):
    browser = dashboard()
    browser.log_in()
    [(name, value)] = browser.cookies.items()
    other = "B" if value[-9] == "A" else "A"

    for forged in ("x", value + "A", value[1:], value[:-9] + other + value[-8:]):
        browser.cookies = {name: forged}
        assert browser.get("/for/viewer").status == 303


def test_the_cookie_is_for_this_host_and_for_no_script(dashboard):
    browser = dashboard()
    browser.get("/login")

    cookie = browser.log_in().headers["Set-Cookie"]

    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_pages_for_one_person_are_kept_by_nobody(dashboard):
    browser = dashboard()
    browser.log_in()

    assert browser.get("/for/viewer").headers["Cache-Control"] == "no-store"


def test_without_the_switch_nobody_logs_in_without_a_password(dashboard):
    browser = dashboard(dev_login="false")
    page = told(browser.get("/login"))

    assert "Log in as" not in page
    assert "IGW_GOOGLE_CLIENT_ID" in page
    assert browser.log_in().status == 404


def test_who_came_in_without_a_password_is_out_when_that_is_switched_off(dashboard, settings_env):
    browser = dashboard()
    browser.log_in()
    assert browser.get("/for/viewer").status == 200

    settings_env.setenv("IGW_DEV_LOGIN", "false")
    get_settings.cache_clear()

    assert browser.get("/for/viewer").status == 303
    assert browser.post("/login/development", role="admin").status == 404


@pytest.mark.parametrize("header", [("Host", "gateway.acme.example"), ("X-Forwarded-For", "::1")])
def test_nobody_else_logs_in_without_a_password(dashboard, header):
    browser = dashboard()
    browser.get("/login")

    answer = browser.post("/login/development", header, role="admin")

    assert answer.status == 403
    assert browser.get("/for/viewer").status == 303


@pytest.mark.parametrize("token", ["", "forged", "IjEi.aSBk.bm8"])
def test_a_form_without_our_token_changes_nothing(dashboard, token):
    browser = dashboard()
    browser.log_in()
    known = browser.csrf

    for path in ("/logout", "/for/admin", "/login/development"):
        answer = browser.post(path, token=token, role="viewer")
        assert answer.status == 400
        assert "reload the page" in told(answer)

    assert browser.get("/for/admin").status == 200
    assert browser.post("/logout", token=known).status == 400, "a token from before the log-in"


def test_the_token_of_somebody_else_changes_nothing(dashboard):
    browser, other = dashboard(), dashboard()
    browser.log_in()
    other.log_in()
    other.get("/for/viewer")

    assert browser.post("/logout", token=other.csrf).status == 400


def test_the_audit_names_who_came_and_went(dashboard):
    browser = dashboard()
    browser.log_in("operator")
    browser.get("/for/viewer")
    browser.post("/logout")

    with reading() as session:
        rows = audit.latest(session, subject="person operator@development.invalid")
    assert [(row.actor, row.action) for row in rows] == [
        ("operator@development.invalid", "logged out"),
        ("operator@development.invalid", "logged in"),
    ]


def test_an_address_that_tries_too_often_has_to_wait(dashboard):
    answers = []
    while not answers or (answers[-1].status == 303 and len(answers) < 60):
        answers.append(dashboard().log_in())

    assert len(answers) > BURST, "an office behind one address has to be let in"
    assert answers[-1].status == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "Try again in" in told(answers[-1])


def test_people_can_log_in_while_redis_is_away(dashboard):
    browser = dashboard(redis_url="redis://127.0.0.1:1/0")

    assert browser.log_in().status == 303
    assert browser.get("/for/admin").status == 200
