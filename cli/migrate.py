"""`igw migrate`: bring the database to the newest revision."""

from __future__ import annotations

import click

from cli.output import say
from core.migrate import revisions, upgrade
from core.settings import get_settings


@click.command()
def migrate() -> None:
    """Bring the database to the newest revision; `igw up` does so by itself.

    For installations that start their processes in another way, before the new code starts.
    """
    settings = get_settings()
    upgrade(settings)
    present, _ = revisions(settings)
    say(f"The database is at revision {present}.")
