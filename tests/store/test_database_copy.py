"""Moving from one database to another, both ways: everything arrives, or nothing does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, func, insert, null, select, text, update

from cli.main import igw
from core import database_copy, search
from core.database import get_engine, make_engine, writing
from core.database_copy import DatabaseCopyError, copy_database
from core.migrate import upgrade
from core.models import (
    Activity,
    Audit,
    Base,
    Command,
    Delivery,
    Link,
    Measurement,
    Person,
    Rule,
    RuleField,
    ShadowResult,
    ShadowRun,
    User,
    WebSession,
)
from core.settings import get_settings
from tests.conftest import postgresql_schema
from tests.store.conftest import ago, arrive, see, sighting

pytestmark = pytest.mark.postgresql

ODD = {
    "title": "Zoë and desk",
    "n": 1.50,
    "big": 10**15,
    "deep": [{"b": None, "a": "\u2028"}],
    "": 0,
}


@pytest.fixture
def target_url(database, postgresql_server, tmp_path) -> Iterator[str]:
    """An empty database of the other kind."""
    if database.startswith("postgresql"):
        yield f"sqlite:///{tmp_path / 'moved.db'}"
    else:
        with postgresql_schema(postgresql_server) as url:
            yield url


@pytest.fixture
def target(target_url) -> Iterator[Engine]:
    engine = make_engine(target_url)
    yield engine
    engine.dispose()


@pytest.fixture
def filled(database) -> str:
    """A database with rows in most tables, each with what databases treat in ways of their own."""
    arrive("one", body=bytes(range(256)))
    first, *_ = see(*(sighting(str(number)) for number in range(2_500)))
    with writing() as session:
        session.execute(
            update(Link).where(Link.id == first).values(snapshot=ODD, search_text="zoes desk")
        )
        session.add(Activity(domain="pf_jira", record="11", action="made", summary="x", changes={}))
        session.add(Audit(actor="anna", action="set", subject="x", before=None, after={"b": 1}))
        session.add(
            Person(source="p", person_id="1", record=ODD, read_at=ago(days=1), complete=True)
        )
        user = User(email="anna@acme.example", role="admin")
        run = ShadowRun(domain="pf_jira", asked_by="schedule")
        rule = Rule(name="Laptops", version=1, fields=[RuleField(target_field="a", mapping=ODD)])
        session.add_all([user, run, rule])
        session.flush()
        common = {"address": "::1", "browser": "x", "kind": "google", "expires_at": ago(days=-1)}
        session.add(WebSession(token_hash="t" * 64, user_id=user.id, **common))
        found = {"rule_version": 1, "verdict": "fits", "summary": "x", "findings": [ODD]}
        session.add(ShadowResult(run_id=run.id, rule_id=rule.id, **found))
        session.add(Measurement(at=ago(hours=1), domain="pf_jira", name="made", value=3))
        asked = {"domain": "d", "command": "c", "arguments": {}, "asked_by": "k"}
        for request_id, reply in (("nothing", null()), ("null", None), ("text", "7")):
            values = {**asked, "request_id": request_id, "reply": reply, "deadline_at": ago(days=0)}
            session.execute(insert(Command).values(values))
    return database


def contents(engine: Engine, table: type[Base]) -> list[tuple]:
    rows = Base.metadata.tables[table.__tablename__]
    with engine.connect() as connection:
        found = connection.execute(select(rows).order_by(*rows.primary_key.columns))
        return [tuple(row) for row in found]


def test_every_row_of_every_table_arrives_as_it_was(filled, target_url, target):
    copied = copy_database(filled, target_url, told=lambda _: None)

    assert {table.name: table.rows for table in copied}["links"] == 2_500
    for mapper in Base.registry.mappers:
        assert contents(target, mapper.class_) == contents(get_engine(), mapper.class_), mapper


def test_nothing_and_a_json_null_stay_two_things(filled, target_url, target):
    copy_database(filled, target_url, told=lambda _: None)

    with target.connect() as connection:
        empty = select(Command.request_id).where(Command.reply.is_(null()))
        assert list(connection.scalars(empty)) == ["nothing"]


def test_the_gateway_goes_on_with_the_copy(filled, target_url, settings_env):
    """New rows get new ids, and what was written before is found by its words."""
    copy_database(filled, target_url, told=lambda _: None)
    settings_env.setenv("IGW_DATABASE_URL", target_url)
    get_settings.cache_clear()

    upgrade(get_settings())

    assert see(sighting("new")) == [2_501]
    with writing() as session:
        assert session.scalar(select(func.count()).select_from(Delivery)) == 1
        assert len(search.link_ids(session, "zoes")) == 1
    get_engine().dispose()


def test_a_target_with_rows_is_refused_and_left_alone(filled, target_url, target):
    copy_database(filled, target_url, told=lambda _: None)

    with pytest.raises(DatabaseCopyError, match="name an empty database"):
        copy_database(filled, target_url, told=lambda _: None)

    assert len(contents(target, Link)) == 2_500


def test_databases_of_another_revision_are_refused(filled, target_url, target):
    with target.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('0003')"))

    with pytest.raises(DatabaseCopyError, match="the target is at revision 0003"):
        copy_database(filled, target_url, told=lambda _: None)
    with pytest.raises(DatabaseCopyError, match=r"the source is at revision 0003.*igw migrate"):
        copy_database(target_url, filled, told=lambda _: None)


def test_a_copy_that_differs_is_not_kept(filled, target_url, target, monkeypatch):
    checksum = database_copy._Checksum
    sums = iter(range(10**6))
    monkeypatch.setattr(checksum, "value", property(lambda _: str(next(sums))))

    with pytest.raises(DatabaseCopyError, match="differs after copying"):
        copy_database(filled, target_url, told=lambda _: None)

    for mapper in Base.registry.mappers:
        assert contents(target, mapper.class_) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"issue_key": "K" * 300}, r"`links.issue_key` of id 1 has 300 characters"),
        ({"reason": "a\x00b"}, r"`links.reason` of id 1 holds the character NUL"),
        ({"snapshot": {"title": "a\x00b"}}, r"`links.snapshot` of id 1 holds the character NUL"),
    ],
    ids=["long", "text", "document"],
)
def test_what_postgresql_would_refuse_is_named(filled, target_url, target, values, said):
    with writing() as session:
        session.execute(update(Link).where(Link.id == 1).values(**values))

    with pytest.raises(DatabaseCopyError, match=said):
        copy_database(filled, target_url, told=lambda _: None)

    assert contents(target, Link) == []


def test_the_command_says_what_to_do_next_without_the_password(filled, target_url):
    secret = target_url.replace("igw@", "igw:pass-word@")

    done = CliRunner().invoke(igw, ["db", "copy", secret])

    assert done.exit_code == 0, done.output
    assert "links: 2,500 rows" in done.output
    assert "set IGW_DATABASE_URL" in done.output
    assert "pass-word" not in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mysql://host/name"], "must begin with"),
        (["nonsense"], "is not a URL"),
        (["postgresql+psycopg://igw@127.0.0.1:1/igw"], "does not answer"),
        (["sqlite:////tmp/x.db", "--source", "sqlite:////no/such.db"], "is not there"),
    ],
)
def test_a_wrong_address_is_one_line(database, arguments, said):
    done = CliRunner().invoke(igw, ["db", "copy", *arguments])

    assert done.exit_code == 1
    assert said in done.output
    assert len(done.output.splitlines()) == 1
