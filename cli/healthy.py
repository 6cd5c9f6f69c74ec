"""`igw healthy`: whether one process does its work, for the health checks of containers."""

from __future__ import annotations

import sys

import click

from cli.ready import http_answers
from core import liveness
from core.domains import all_workers, load_domains
from core.liveness import LATE_SECONDS
from core.settings import get_settings

BEAT = "beat"


@click.command()
@click.argument("process")
def healthy(process: str) -> None:
    """Say whether PROCESS does its work: gateway, flower, beat or worker-NAME.

    The gateway and Flower are asked on this machine; a worker is healthy when its canary came back
    within three minutes, beat when any did. Exit code: 0 if so, 1 if not.
    """
    settings = get_settings()
    workers = {f"worker-{worker.name}": worker.name for worker in all_workers(load_domains())}
    pages = {
        "gateway": f"{settings.gateway_url}/healthz",
        "flower": f"http://127.0.0.1:{settings.flower_port}/flower/healthcheck",
    }
    if process in pages:
        well, said = http_answers(pages[process]), f"asked {pages[process]}"
    elif process == BEAT or process in workers:
        ages = liveness.ages()
        asked = ages.values() if process == BEAT else [ages[workers[process]]]
        latest = min((age for age in asked if age is not None), default=None)
        well = latest is not None and latest <= LATE_SECONDS
        said = "no canary yet" if latest is None else f"the last canary: {latest:.0f} s ago"
    else:
        names = ", ".join([*pages, BEAT, *workers])
        raise click.BadParameter(f"there is no process {process!r}; there are {names}")
    click.echo(f"{process} {'does its work' if well else 'does not do its work'} ({said}).")
    sys.exit(0 if well else 1)
