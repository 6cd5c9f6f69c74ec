"""`igw up`: prepare what the stack needs, then run it until it is told to stop."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from typing import IO

import click

from cli import preflight, stack
from cli.output import say
from cli.running import Run
from cli.supervision import end_all, stack_processes
from core.domains import Domain, load_domains
from core.errors import GatewayError
from core.settings import ROOT, Settings, load_settings
from core.supervisord import SupervisionError

_EARLIER_STACK_SECONDS = 120.0
"""An earlier stack ends within the longest `stop_seconds` and a little."""

_MIGRATE = (
    "from core.migrate import upgrade; from core.settings import get_settings; "
    "upgrade(get_settings())"
)


class MigrationError(GatewayError):
    """The database cannot be brought to the newest revision; the message is Alembic's."""


@click.command()
def up() -> None:
    """Start everything and keep it running until Ctrl-C.

    Exit code: 0 after an orderly stop, 1 when something could not start, 2 when the settings cannot
    be used.
    """
    settings = load_settings()
    domains = load_domains()
    os.umask(0o077)  # Every process inherits it: data and logs are for this user alone.
    sys.exit(run(settings, domains))


def run(settings: Settings, domains: Sequence[Domain]) -> int:
    """Run the stack until it is told to stop, and give the exit code."""
    places = stack.Places(settings.data_dir)
    try:
        preflight.make_folders(places)
        with _lock(places) as lock:
            redis_server = preflight.find_redis(settings)
            preflight.check_broker(settings)
            _end_leftovers(places)
            preflight.check_ports(stack.ports(settings))
            places.redis_config.write_text(stack.redis_config(settings), encoding="utf-8")
            _migrate()
            processes = stack.describe(settings, domains, redis_server)
            return Run(settings, domains, processes, places).until_stopped(lock.fileno())
    except (preflight.PreflightError, MigrationError, SupervisionError) as error:
        say(str(error), "red")
        return 1


def _lock(places: stack.Places) -> IO[str]:
    return preflight.lock(
        places,
        patience=_EARLIER_STACK_SECONDS,
        on_wait=lambda: say("Waiting for an earlier run, whose terminal is gone, to stop ..."),
    )


def _end_leftovers(places: stack.Places) -> None:
    """End what runs on with nobody to supervise it, as after a kill of supervisord."""
    leftovers = stack_processes(places)
    if leftovers:
        say(f"Ending {len(leftovers)} processes of an earlier run that was killed.")
        end_all(leftovers)


def _migrate() -> None:
    """Bring the database to the newest revision.

    In a process of its own, so that SQLAlchemy and Alembic do not stay in this one's memory.
    """
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-c", _MIGRATE],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        # Of a traceback only the error itself helps here; drivers add lines below it.
        errors = re.findall(r"^(?:  - |\w[\w.]*: ).*", done.stdout, re.MULTILINE)
        said = errors[-1].strip(" -") if errors else done.stdout.strip() or "it said nothing"
        raise MigrationError(
            f"The database cannot be migrated. {said.rstrip('.')}. Remedy: `igw doctor` says "
            "whether it can be reached; IGW_DATABASE_URL names it."
        )
