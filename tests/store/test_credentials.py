"""API keys in the database: only their hash is there, and a revoked one opens nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from core import audit, credentials
from core.clock import now
from core.credentials import CredentialError
from core.database import get_engine, reading, writing
from core.models import ApiCredential, Role


def made(name: str = "reporting", role: Role = Role.VIEWER) -> str:
    with writing() as session:
        return credentials.create(session, name, role, "pytest")


def verified(key: str) -> ApiCredential | None:
    with reading() as session:
        return credentials.verify(session, key)


def revoked(name: str) -> bool:
    with writing() as session:
        return credentials.revoke(session, name, "pytest")


def test_a_key_is_known_by_its_hash_alone(database):
    key = made(role=Role.OPERATOR)

    row = verified(key)

    assert row is not None
    assert (row.name, row.role, row.created_by) == ("reporting", Role.OPERATOR, "pytest")
    with get_engine().connect() as connection:
        everything = str(connection.execute(text("SELECT * FROM api_credentials")).all())
        everything += str(connection.execute(text("SELECT * FROM audit")).all())
    assert key not in everything
    assert key.removeprefix("igw_") not in everything


def test_no_two_keys_are_alike(database):
    assert len({made(f"program {number}") for number in range(20)}) == 20


@pytest.mark.parametrize("change", [str.lower, lambda key: key[:-1], lambda key: key + "A"])
def test_another_key_opens_nothing(database, change):
    assert verified(change(made())) is None


@pytest.mark.parametrize("key", ["", "igw_", "igw_" + "é" * 43, "x" * 100_000, "igw_\n"])
def test_what_cannot_be_a_key_is_refused(database, key):
    assert verified(key) is None


def test_a_revoked_key_opens_nothing_and_its_name_is_not_given_again(database):
    key = made()

    assert revoked("reporting")

    assert verified(key) is None
    assert not revoked("reporting"), "it was already"
    with pytest.raises(CredentialError, match="belongs to a revoked key"):
        made()


def test_a_name_is_given_once(database):
    made()
    with pytest.raises(CredentialError, match="belongs to another key"):
        made()


@pytest.mark.parametrize("name", ["", " x", "a\nb", "x" * 101, "<b>"])
def test_a_name_that_nobody_could_read_is_refused(database, name):
    with pytest.raises(CredentialError, match="is no name for a key"):
        made(name)


def test_a_key_that_nobody_made_cannot_be_revoked(database):
    with pytest.raises(CredentialError, match="igw keys list"):
        revoked("nobody")


def test_making_and_revoking_is_in_the_audit(database):
    made(role=Role.ADMIN)
    revoked("reporting")

    with reading() as session:
        rows = audit.latest(session, subject="API key reporting")
    assert [(row.actor, row.action) for row in rows] == [
        ("pytest", "revoked"),
        ("pytest", "created"),
    ]
    assert rows[1].after == {"role": "admin"}


def test_the_use_of_a_key_is_noted_once_a_minute(database):
    key = made()
    row = verified(key)
    assert row is not None
    assert credentials.use_is_worth_noting(row)

    with writing() as session:
        credentials.note_use(session, row.id)

    row = verified(key)
    assert row is not None
    assert not credentials.use_is_worth_noting(row)
    row.last_used_at = now() - timedelta(seconds=61)
    assert credentials.use_is_worth_noting(row)


@pytest.mark.parametrize(
    ("role", "covered"),
    [
        (Role.VIEWER, {Role.VIEWER}),
        (Role.OPERATOR, {Role.VIEWER, Role.OPERATOR}),
        (Role.ADMIN, set(Role)),
    ],
)
def test_a_role_may_do_what_the_lower_ones_may(role, covered):
    assert {needed for needed in Role if role.covers(needed)} == covered


def test_all_keys_are_listed_the_revoked_ones_too(database):
    made("one")
    made("two")
    revoked("one")

    with reading() as session:
        names = [row.name for row in credentials.all_credentials(session)]
        assert names == list(session.scalars(select(ApiCredential.name).order_by("id")))
    assert names == ["one", "two"]
