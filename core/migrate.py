"""Bringing the database to the newest revision, and saying whether it is there."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.database import get_engine, writing
from core.rules import ensure_default_rule
from core.settings import ROOT, Settings


def alembic_config(url: str) -> Config:
    """Give Alembic's configuration for one database; there is no ini file to keep in step."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    # Alembic interpolates `%`, which URLs hold in escaped passwords.
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(settings: Settings) -> None:
    """Create or migrate the tables, and make the default rule where there is no rule yet."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    command.upgrade(alembic_config(settings.resolved_database_url), "head")
    with writing() as session:
        ensure_default_rule(session, settings.resolved_default_project, settings.default_issue_type)


def revisions(settings: Settings) -> tuple[str | None, str | None]:
    """Give the revision that the database has and the one that the code wants."""
    script = ScriptDirectory.from_config(alembic_config(settings.resolved_database_url))
    with get_engine().connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    return present, script.get_current_head()
