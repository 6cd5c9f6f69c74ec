"""Run the PeopleForce stand-in: `python -m sandbox.peopleforce --port 8091`."""

from __future__ import annotations

from pathlib import Path

import click

from sandbox.common.server import serve
from sandbox.peopleforce.app import create_app


@click.command(context_settings={"auto_envvar_prefix": "SANDBOX_PEOPLEFORCE"})
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option("--port", type=int, default=8091, show_default=True)
@click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Where the data lives; else in memory."
)
@click.option("--api-key", required=True, help="The key that clients must send.")
@click.option("--jira-url", help="The Jira stand-in, for the page: http://127.0.0.1:8092")
@click.option("--open-tasks", type=int, default=150, show_default=True)
@click.option("--completed-tasks", type=int, default=60, show_default=True)
def main(
    *,
    host: str,
    port: int,
    data_dir: Path | None,
    api_key: str,
    jira_url: str | None,
    open_tasks: int,
    completed_tasks: int,
) -> None:
    """Serve a PeopleForce that holds an invented company, for this machine only.

    Every option can be given by environment instead (SANDBOX_PEOPLEFORCE_API_KEY ...), so that
    the key need not stand on a command line, where everybody on the machine can read it.
    """
    app = create_app(
        api_key=api_key,
        data_dir=data_dir,
        jira_url=jira_url,
        open_tasks=open_tasks,
        completed_tasks=completed_tasks,
    )
    try:
        serve(app, host, port)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


main()
