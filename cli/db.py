"""`igw db`: what is done with the database as a whole."""

from __future__ import annotations

import sys

import click
from sqlalchemy.engine import make_url

from cli.main import EXIT_FAILED
from cli.output import say
from cli.stack import Places
from cli.supervision import stack_processes
from core.database_copy import DatabaseCopyError, copy_database
from core.settings import get_settings


@click.group()
def db() -> None:
    """Move the gateway to another database."""


@db.command()
@click.argument("target")
@click.option(
    "--source", help="URL of the database to copy from.  [default: the one that the settings name]"
)
def copy(target: str, source: str | None) -> None:
    """Copy everything into the empty database TARGET, a URL as for IGW_DATABASE_URL.

    Stop the gateway first: what it writes meanwhile would stay behind. A password need not stand in
    the URL: PGPASSWORD and ~/.pgpass are read as well. All rows are copied and compared, or none.
    """
    settings = get_settings()
    _refuse_while_running(Places(settings.data_dir))
    source = source or settings.resolved_database_url
    try:
        copied = copy_database(source, target, told=lambda it: say(f"{it.name}: {it.rows:,} rows"))
    except DatabaseCopyError as error:
        click.echo(f"Nothing was copied: {error}.", err=True)
        sys.exit(EXIT_FAILED)
    shown = make_url(target).render_as_string(hide_password=True)
    total = sum(table.rows for table in copied)
    say(f"{total:,} rows are in {shown}, each table compared with the original.", "bold")
    say("Now set IGW_DATABASE_URL to it in secrets/.env, run `igw doctor`, and start the gateway.")
    say("The original is as it was. Keep it until you have seen the gateway work.")


def _refuse_while_running(places: Places) -> None:
    if stack_processes(places):
        click.echo(
            "Nothing was copied: the gateway runs, and what it writes meanwhile would stay behind. "
            "Stop it (Ctrl-C in the terminal of `igw up`), then copy.",
            err=True,
        )
        sys.exit(EXIT_FAILED)
