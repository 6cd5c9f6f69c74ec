"""Databases as the migrations leave them, without running the migrations for each test.

The first test of a run that needs such a database migrates it, the others get copies. The
migrations themselves are tested in `tests/store/test_migrations.py`.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import ExitStack, closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import psycopg
from sqlalchemy import URL
from sqlalchemy.engine import make_url

import core.migrate
from core.settings import Settings

_Written = tuple[str, ...]
"""What a migration writes besides the tables: it depends on the settings."""

_dumps: dict[_Written, tuple[str, str]] = {}


def migrate(settings: Settings, *, default_rule: bool = True) -> None:
    """Bring an empty database to the newest revision, with the rule that a new one has or without.

    Without it, the first rule that a test makes is rule 1.
    """
    url = make_url(settings.resolved_database_url)
    rule = [settings.resolved_default_project, settings.default_issue_type] if default_rule else []
    written = (str(settings.mode), *rule)
    if url.get_backend_name() == "sqlite" and url.database:
        _migrate_file(settings, Path(url.database), written)
    elif url.get_backend_name() == "postgresql" and (pg_dump := shutil.which("pg_dump")):
        _migrate_schema(settings, url, written, pg_dump)
    else:
        _upgrade(settings, written)


def _upgrade(settings: Settings, written: _Written) -> None:
    with ExitStack() as stack:
        if len(written) == 1:
            stack.enter_context(patch.object(core.migrate, "ensure_default_rule"))
        core.migrate.upgrade(settings)


@cache
def _folder() -> TemporaryDirectory[str]:
    # Kept by the cache, and removed with it when the process ends.
    return TemporaryDirectory(prefix="igw-migrated-")


def _migrate_file(settings: Settings, file: Path, written: _Written) -> None:
    template = Path(_folder().name) / f"{'-'.join(written)}.db"
    if template.exists():
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(template, file)
        return
    _upgrade(settings, written)
    with closing(sqlite3.connect(file)) as made, closing(sqlite3.connect(template)) as copy:
        made.backup(copy)


def _migrate_schema(settings: Settings, url: URL, written: _Written, pg_dump: str) -> None:
    schema = str(url.query["options"]).rpartition("=")[2]
    plain = url.set(drivername="postgresql", query={}).render_as_string()
    if written in _dumps:
        first, statements = _dumps[written]
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(statements.replace(first, schema).encode())
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return
    _upgrade(settings, written)
    command = [pg_dump, "--dbname", plain, "--schema", schema, "--inserts", "--no-owner"]
    dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # Without what is for psql alone, and without the schema, which is here.
    kept = (it for it in dump.splitlines() if not it.startswith(("\\", "CREATE SCHEMA")))
    _dumps[written] = schema, "\n".join(kept)
