"""The command `igw`: what an operator does with the gateway from a terminal."""

from __future__ import annotations

from importlib import import_module

import click

from core.findings import InvalidSettingsError

COMMANDS = {
    "up": "Start everything and keep it running until Ctrl-C.",
    "doctor": "Check the settings and everything that the gateway needs.",
    "status": "Show queues, workers, the last poll and the links by state.",
    "poll": "Read PeopleForce now, without waiting for the interval.",
    "why": "Tell what happened to a task or an issue.",
    "rules": "List, change and try the routing rules, put them into force and take them out.",
    "lanes": "Show the records whose work waits, since when and why.",
    "replay": "Try again what was given up.",
    "skip": "Take waiting work out of the way, with a note.",
    "alerts": "Show what people were told of, or send a test alert.",
    "audit": "Show who changed what: rules, settings, and what was tried again.",
    "keys": "Make, list and revoke the API keys of programs.",
    "users": "Invite people to the dashboard, change their roles, take their access away.",
    "set": "Change a setting while everything runs, or show them all.",
    "migrate": "Bring the database to the newest revision.",
    "db": "Move the gateway to another database.",
    "healthy": "Say whether one process does its work, for health checks of containers.",
}
"""Name of a command -> its line in `igw --help`; `cli/<name>.py` holds the command of that name.

The line stands here so that the help costs no import: a command may pull in half the gateway.
"""

EXIT_FAILED = 1
EXIT_SETTINGS = 2
"""Exit code when the settings cannot be used; click gives the same for a wrong option."""


_SERVERS = {"kombu": "The broker", "redis": "Redis", "sqlalchemy": "The database"}
_OUTAGES = {"ConnectionError", "OperationalError", "TimeoutError"}


class LazyGroup(click.Group):
    """A group that imports a command only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Give the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command's module; None where the table has no such name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"cli.{cmd_name}")
        # `set` is a word of Python's, so its function bears an underscore.
        return getattr(module, cmd_name, None) or getattr(module, f"{cmd_name}_")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table, without importing anything that it names."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what keeps all commands from working is said in words, not a traceback."""
        try:
            return super().invoke(ctx)
        except InvalidSettingsError as error:
            click.echo(str(error), err=True)
            ctx.exit(EXIT_SETTINGS)
        except Exception as error:
            outage = _outage(error)
            if outage is None:
                raise
            click.echo(f"{outage} See what is wrong with: igw doctor", err=True)
            ctx.exit(EXIT_FAILED)


def _outage(error: Exception) -> str | None:
    """Say which server did not answer; None when the error is about something else.

    Told by name, because importing the libraries would cost every command their loading time.
    """
    kind = type(error)
    server = _SERVERS.get(kind.__module__.partition(".")[0])
    if server is None or kind.__name__ not in _OUTAGES:
        return None
    return f"{server} does not answer: {str(error).splitlines()[0].rstrip('.')}."


@click.group(cls=LazyGroup)
@click.version_option(package_name="integration-gateway")
def igw() -> None:
    """Keep PeopleForce tasks and Jira issues in step, both ways."""


if __name__ == "__main__":
    igw()
