"""People in the database: roles, invitations, and always an admin."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from core import audit, users, web_sessions
from core.access import e_mail
from core.clock import now
from core.database import reading, writing
from core.models import LoginKind, Role, User
from core.users import UserError
from core.web_sessions import Browser
from tests.store.conftest import at_once, set_values

FIREFOX = Browser("192.0.2.7", "Firefox")


def person(name: str, role: Role = Role.VIEWER) -> User:
    with writing() as session:
        return users.invite(session, f"{name}@acme.example", role, "pytest")


def found(user: User) -> User:
    with reading() as session:
        return session.get_one(User, user.id)


def changed(user: User, role: Role) -> None:
    with writing() as session:
        users.change_role(session, session.get_one(User, user.id), role, "pytest")


def disabled(user: User) -> None:
    with writing() as session:
        users.disable(session, session.get_one(User, user.id), "pytest")


def log_in(user: User) -> str:
    with writing() as session:
        return web_sessions.begin(
            session, session.get_one(User, user.id), LoginKind.GOOGLE, FIREFOX
        )


def visitor(token: str):
    with reading() as session:
        return web_sessions.find(session, token)


@pytest.mark.parametrize("take_away", [disabled, lambda user: changed(user, Role.OPERATOR)])
def test_the_last_admin_stays(database, take_away):
    admin = person("one", Role.ADMIN)
    person("two", Role.OPERATOR)
    disabled(person("three", Role.ADMIN))

    with pytest.raises(UserError, match="last admin"):
        take_away(admin)

    assert found(admin).role is Role.ADMIN
    assert found(admin).disabled_at is None
    person("four", Role.ADMIN)
    take_away(admin)


@pytest.mark.parametrize("take_away", [disabled, lambda user: changed(user, Role.VIEWER)])
def test_admins_who_take_each_other_away_at_once_leave_one(database, take_away):
    admins = [person(f"admin{number}", Role.ADMIN) for number in range(6)]

    def work(number: int) -> bool:
        try:
            take_away(admins[number])
        except UserError:
            return False
        return True

    done = at_once(work, len(admins))

    assert sorted(done) == [False, *[True] * 5]
    with reading() as session:
        left = select(func.count()).select_from(User)
        left = left.where(User.role == Role.ADMIN, User.disabled_at.is_(None))
        assert session.scalar(left) == 1


def test_the_made_up_admin_of_the_sandbox_is_no_reason_to_lose_the_real_one(database):
    admin = person("one", Role.ADMIN)
    with writing() as session:
        users.development_user(session, Role.ADMIN)

    with pytest.raises(UserError, match="last admin"):
        disabled(admin)


def test_the_last_admin_of_the_sandbox_stays_as_well(database):
    with writing() as session:
        admin = users.development_user(session, Role.ADMIN)

    with pytest.raises(UserError, match="last admin"):
        changed(admin, Role.VIEWER)


def test_a_person_is_known_in_whatever_case_the_address_is_written(database):
    user = person("Olena.Bondar")

    with reading() as session:
        assert users.find_or_refuse(session, " OLENA.bondar@ACME.example ").id == user.id
    with pytest.raises(UserError, match="is here already, as viewer: change the role instead"):
        person("olena.BONDAR")
    disabled(user)
    with pytest.raises(UserError, match="is disabled: enable them instead"):
        person("olena.bondar")


@pytest.mark.parametrize(
    "address",
    ["", "olena", "olena@", "@acme.example", "a b@acme.example", "a@b", "x" * 251 + "@a.b"],
)
def test_what_is_no_address_is_not_invited(database, address):
    with writing() as session, pytest.raises(UserError, match=r"name@company\.example"):
        users.invite(session, address, Role.VIEWER, "pytest")


def test_nobody_is_invited_as_a_made_up_person(database):
    with writing() as session, pytest.raises(UserError, match="kept for the sandbox"):
        users.invite(session, "admin@Development.Invalid", Role.VIEWER, "pytest")


def test_who_is_disabled_is_logged_out_everywhere_and_stays_out_when_enabled(database):
    user = person("one")
    tokens = [log_in(user), log_in(user)]
    assert all(map(visitor, tokens))

    disabled(user)

    assert not any(map(visitor, tokens))
    with writing() as session:
        users.enable(session, session.get_one(User, user.id), "pytest")
    assert not any(map(visitor, tokens))
    assert visitor(log_in(user)) is not None


def test_one_login_is_ended_and_the_other_goes_on(database):
    user, other = person("one"), person("two")
    ended, kept, others = log_in(user), log_in(user), log_in(other)
    mine = visitor(ended)
    assert mine is not None

    def end(owner: User) -> bool:
        with writing() as session:
            user = session.get_one(User, owner.id)
            return web_sessions.revoke(session, user, mine.session_id, "pytest")

    assert not end(other), "it is not theirs"
    assert end(user)
    assert not end(user), "it is over already"
    assert [visitor(token) is not None for token in (ended, kept, others)] == [False, True, True]


def test_everything_about_people_is_in_the_audit(database):
    person("boss", Role.ADMIN)
    user = person("one")
    changed(user, Role.OPERATOR)
    changed(user, Role.OPERATOR)
    disabled(user)

    with reading() as session:
        rows = audit.latest(session, subject="person one@acme.example")
    assert [(row.action, row.before, row.after) for row in rows[::-1]] == [
        ("invited", None, {"role": "viewer"}),
        ("changed the role of", {"role": "viewer"}, {"role": "operator"}),
        ("disabled", {"role": "operator"}, None),
        ("logged out everywhere", None, {"ended": 0}),
    ]
    assert {row.actor for row in rows} == {"pytest"}


def test_people_are_listed_by_their_last_login_a_page_at_a_time(database):
    names = [f"p{number:02}" for number in range(users.PAGE + 1)]
    everybody = [person(name) for name in names]
    set_values(User, everybody[7].id, last_login_at=now(), name="Zoriana Klymenko")

    with reading() as session:
        first, count = users.listed(session)
        second, _ = users.listed(session, page=2)
        by_name, matching = users.listed(session, about="klym")
        by_sign, _ = users.listed(session, about="%")

    assert count == users.PAGE + 1
    assert first[0].id == everybody[7].id
    assert [user.email for user in second] == [f"{names[-1]}@acme.example"]
    assert ([user.id for user in by_name], matching) == ([everybody[7].id], 1)
    assert not by_sign


@pytest.mark.parametrize("address", ["Straße@Acme.Example", "STRASSE@acme.EXAMPLE"])
def test_addresses_that_are_the_same_are_written_the_same(address):
    assert e_mail(address) == "strasse@acme.example"


def test_the_open_logins_of_many_people_are_given_by_person(database):
    everybody = [person(f"p{number}") for number in range(3)]
    for user in everybody:
        log_in(user)
        log_in(user)

    with reading() as session:
        found = web_sessions.open_sessions(session, [user.id for user in everybody])

    assert {user_id: len(rows) for user_id, rows in found.items()} == dict.fromkeys(
        [user.id for user in everybody], 2
    )
