"""Bringing the database to the newest revision, and saying whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from core.database import get_engine, writing
from core.findings import Finding, InvalidSettingsError
from core.models import DomainSetting
from core.rules import ensure_default_rule
from core.settings import ROOT, Settings, VendorMode, variable


def alembic_config(url: str) -> Config:
    """Give Alembic's configuration for one database; there is no ini file to keep in step."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    # Alembic interpolates `%`, which URLs hold in escaped passwords.
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(settings: Settings) -> None:
    """Create or migrate the tables, and make the default rule where there is no rule yet.

    Raises `InvalidSettingsError` for a database that belongs to the other kind of vendors.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not settings.database_url:
        file = make_url(settings.resolved_database_url).database or ""
        Path(file).parent.mkdir(mode=0o700, exist_ok=True)
    command.upgrade(alembic_config(settings.resolved_database_url), "head")
    with writing() as session:
        _keep_apart(session, settings.mode)
        ensure_default_rule(session, settings.resolved_default_project, settings.default_issue_type)


def _keep_apart(session: Session, mode: VendorMode) -> None:
    """Refuse to work on the sandbox's links with real vendors, and the other way round.

    A link names an issue by an id that the other Jira has as well, for an issue of other people.
    """
    mark = session.get(DomainSetting, ("gateway", "vendors"))
    if mark is None:
        session.add(DomainSetting(domain="gateway", key="vendors", value=mode.value))
    elif mark.value != mode.value:
        raise InvalidSettingsError(
            [
                Finding(
                    variable("database_url"),
                    f"the database holds the links of {mark.value} vendors, and the settings name "
                    f"{mode.value} vendors",
                    "give each of the two a database of its own",
                )
            ]
        )


def revisions(settings: Settings) -> tuple[str | None, str | None]:
    """Give the revision that the database has and the one that the code wants."""
    script = ScriptDirectory.from_config(alembic_config(settings.resolved_database_url))
    with get_engine().connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    return present, script.get_current_head()
