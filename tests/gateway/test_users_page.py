"""The pages Users and Your log-ins, through real HTTP."""

from __future__ import annotations

import pytest
from sqlalchemy import event, update

from core import users, web_sessions
from core.database import get_engine, reading, writing
from core.models import LoginKind, Role, User
from core.web_sessions import Browser as Place
from gateway.app import create_app
from tests.gateway.browsing import HTMX
from tests.gateway.test_pages import Page

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PART = (HTMX, ("HX-Request-Type", "partial"))


@pytest.fixture(autouse=True)
def search_page(monkeypatch):
    """The frame of all pages leads to the search, whether it is there or not."""

    def with_search():
        app = create_app()
        if "search.index" not in app.view_functions:
            app.add_url_rule("/search", "search.index", lambda: "")
        return app

    monkeypatch.setattr("tests.gateway.conftest.create_app", with_search)


def person(name: str, role: Role = Role.VIEWER) -> User:
    with writing() as session:
        return users.invite(session, f"{name}@acme.example", role, "pytest")


def found(user: User) -> User:
    with reading() as session:
        return session.get_one(User, user.id)


def log_in_elsewhere(user: User) -> str:
    with writing() as session:
        place = Place("192.0.2.7", FIREFOX)
        return web_sessions.begin(session, session.get_one(User, user.id), LoginKind.GOOGLE, place)


def open_logins(user: User) -> int:
    with reading() as session:
        return len(web_sessions.open_sessions(session, [user.id])[user.id])


def shown(answer) -> Page:
    assert answer.status == 200, answer.body
    return Page(answer.body.decode())


def words(answer) -> str:
    return " ".join(shown(answer).text.split())


def test_the_list_says_who_may_what_since_when_and_where_they_are_logged_in(admin):
    user = person("olena", Role.OPERATOR)
    log_in_elsewhere(user)

    page = shown(admin.get("/users"))

    told = " ".join(page.text.split())
    assert "olena@acme.example" in told
    assert "1 browser Firefox on Linux from 192.0.2.7" in told
    assert "invited by pytest" in told
    ids = page.of("id")
    assert len(ids) == len(set(ids))


def test_a_person_is_invited_and_the_answer_is_the_list_and_a_sentence(admin):
    admin.get("/users")

    answer = admin.post("/users", *PART, email="Olena@Acme.example", role="operator")

    html = answer.body.decode()
    assert answer.status == 200
    assert '<div id="people">' in html
    assert "<html" not in html
    assert "olena@acme.example can log in now, as operator. No mail was sent" in html
    assert "HX-Request" in answer.headers["Vary"]


def test_without_script_a_form_leads_back_to_the_page(admin):
    admin.get("/users")

    answer = admin.post("/users", email="olena@acme.example", role="viewer")

    assert (answer.status, answer.headers["Location"]) == (303, "/users")
    assert "olena@acme.example" in words(admin.get("/users"))


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"email": "nobody", "role": "viewer"}, "is not an e-mail address"),
        ({"email": "olena@acme.example", "role": "viewer"}, "is here already, as viewer"),
    ],
)
def test_what_cannot_be_done_is_said_beside_the_list_as_it_is(admin, form, said):
    person("olena")
    admin.get("/users")

    answer = admin.post("/users", *PART, **form)

    assert answer.status == 409
    assert said in answer.body.decode()
    assert "is-danger" in answer.body.decode()


def test_role_disabling_and_enabling_by_button(admin):
    user = person("olena")
    log_in_elsewhere(user)
    admin.get("/users")

    admin.post(f"/users/{user.id}/role", *PART, role="admin")
    assert found(user).role is Role.ADMIN
    assert "is out, everywhere" in admin.post(f"/users/{user.id}/disable", *PART).body.decode()
    assert found(user).disabled_at is not None
    assert open_logins(user) == 0
    admin.post(f"/users/{user.id}/enable", *PART)
    assert found(user).disabled_at is None


def test_the_last_admin_is_told_that_somebody_has_to_be(admin):
    admin.get("/users")
    with reading() as session:
        own = users.find_or_refuse(session, "admin@development.invalid")

    for path, form in (("role", {"role": "viewer"}), ("disable", {})):
        answer = admin.post(f"/users/{own.id}/{path}", *PART, **form)
        assert answer.status == 409
        assert "is the last admin" in answer.body.decode()

    assert found(own).role is Role.ADMIN


def test_an_admin_ends_one_login_or_all(admin):
    user, other = person("olena"), person("ivan")
    for _ in range(3):
        log_in_elsewhere(user)
    log_in_elsewhere(other)
    with reading() as session:
        logins = web_sessions.open_sessions(session, [user.id, other.id])
    admin.get("/users")

    foreign = logins[other.id][0].id
    answer = admin.post(f"/users/{user.id}/sessions/{foreign}/end", *PART)
    assert "was over already" in answer.body.decode()
    admin.post(f"/users/{user.id}/sessions/{logins[user.id][0].id}/end", *PART)
    assert (open_logins(user), open_logins(other)) == (2, 1)
    answer = admin.post(f"/users/{user.id}/logout", *PART)
    assert "logged out of 2 browsers" in answer.body.decode()
    assert (open_logins(user), open_logins(other)) == (0, 1)


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_who_is_no_admin_sees_and_changes_nobody(dashboard, role):
    user = person("olena")
    browser = dashboard()
    browser.log_in(role)
    page = words(browser.get("/me"))
    assert f"with the role {role}" in page
    assert "Users" not in page

    assert browser.get("/users").status == 403
    for path in ("", f"/{user.id}/role", f"/{user.id}/disable", f"/{user.id}/logout"):
        answer = browser.post(f"/users{path}", role="admin", email="x@acme.example")
        assert answer.status == 403, path
    assert found(user).role is Role.VIEWER


def test_a_person_ends_their_own_logins_and_nobody_elses(dashboard):
    browser, second, other = dashboard(), dashboard(), dashboard()
    browser.log_in("viewer")
    second.log_in("viewer")
    other.log_in("operator")
    with reading() as session:
        by = {name: users.find_or_refuse(session, f"{name}@development.invalid") for name in ROLES}
        logins = web_sessions.open_sessions(session, [user.id for user in by.values()])
    browser.get("/me")

    foreign = logins[by["operator"].id][0].id
    assert "over already" in browser.post(f"/me/sessions/{foreign}/end", *PART).body.decode()
    assert other.get("/me").status == 200
    own = logins[by["viewer"].id][0].id
    assert "logged out there" in browser.post(f"/me/sessions/{own}/end", *PART).body.decode()
    assert (browser.get("/me").status, second.get("/me").status) == (200, 303)

    answer = browser.post("/me/sessions/end", *PART)
    assert answer.headers["HX-Redirect"] == "/login"
    assert browser.get("/me").status == 303


ROLES = ("viewer", "operator")


def test_a_name_is_text_wherever_it_comes_from(admin):
    evil = "<img src=x onerror=alert(1)>"
    user = person("olena")
    with writing() as session:
        session.execute(update(User).where(User.id == user.id).values(name=evil))
        place = Place("192.0.2.7", f'Firefox/1 Linux">{evil}')
        web_sessions.begin(session, session.get_one(User, user.id), LoginKind.GOOGLE, place)

    for path in ("/users", "/users?q=%3Cimg", "/users?q=olena"):
        page = shown(admin.get(path))
        assert not page.of("onerror")
    assert evil in page.text


@pytest.mark.parametrize("number", ["0", "-1", "x", "99"])
def test_a_page_that_is_not_there_is_empty_and_no_error(admin, number):
    assert admin.get(f"/users?page={number}").status == 200


def test_the_number_of_queries_does_not_grow_with_the_people(admin):
    counts = []
    for batch in range(2):
        for number in range(20):
            log_in_elsewhere(person(f"p{batch}{number}"))
        queries: list[str] = []

        def note(*args: object, seen: list[str] = queries) -> None:
            seen.append(str(args[2]))

        event.listen(get_engine(), "before_cursor_execute", note)
        admin.get("/users")
        event.remove(get_engine(), "before_cursor_execute", note)
        counts.append(len(queries))

    assert counts[0] == counts[1] < 12
