from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from core.database import get_engine
from core.migrate import alembic_config, revisions
from core.models import Base
from core.settings import get_settings


def test_the_migrations_make_exactly_the_tables_of_the_models(database):
    with get_engine().connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_database_is_at_the_revision_that_the_code_wants(database):
    present, wanted = revisions(get_settings())
    assert present == wanted == "0001"


def test_the_migrations_can_be_taken_back(database):
    command.downgrade(alembic_config(database), "base")
    assert inspect(get_engine()).get_table_names() == ["alembic_version"]
