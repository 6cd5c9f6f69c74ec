import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from core.database import get_engine, reading, writing
from core.findings import InvalidSettingsError
from core.migrate import alembic_config, revisions, upgrade
from core.models import Base
from core.rules import active_rules, ensure_default_rule
from core.settings import get_settings


def test_the_migrations_make_exactly_the_tables_of_the_models(database):
    with get_engine().connect() as connection:
        options = {"compare_type": True, "include_object": _by_the_models}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def _by_the_models(_object, name, _kind, _reflected, _compared_to) -> bool:
    """Leave out the index of words, which each database has in a form of its own."""
    return not name.startswith(("links_search", "ix_links_search"))


def test_the_database_is_at_the_revision_that_the_code_wants(database):
    present, wanted = revisions(get_settings())
    assert present == wanted == "0009"


def test_the_migrations_can_be_taken_back(database):
    command.downgrade(alembic_config(database), "base")
    assert inspect(get_engine()).get_table_names() == ["alembic_version"]


def test_rules_keep_their_fields_when_a_revision_is_taken_back_and_come_again(database):
    with writing() as session:
        ensure_default_rule(session, "HR", "Task")
    with reading() as session:
        before = active_rules(session)

    command.downgrade(alembic_config(database), "0002")
    command.upgrade(alembic_config(database), "head")

    with reading() as session:
        assert active_rules(session) == before


def test_real_vendors_never_work_on_the_links_of_the_sandbox(database, settings_env):
    """Its issue ids exist in every real Jira, where they are other people's issues."""
    settings_env.setenv("IGW_PEOPLEFORCE_API_KEY", "k")
    settings_env.setenv("IGW_JIRA_BASE_URL", "https://acme.atlassian.net")
    settings_env.setenv("IGW_JIRA_EMAIL", "gateway@acme.example")
    settings_env.setenv("IGW_JIRA_API_TOKEN", "t")
    settings_env.setenv("IGW_JIRA_WEBHOOK_SECRETS", "s")
    get_settings.cache_clear()

    with pytest.raises(InvalidSettingsError, match=r"IGW_DATABASE_URL.*sandbox vendors"):
        upgrade(get_settings())
