"""`igw doctor`: check the settings and everything that the gateway needs."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict

import click
import redis

from cli.checks import all_checks
from cli.main import EXIT_FAILED, EXIT_SETTINGS
from cli.outcomes import Check, Outcome, Status, failed
from cli.output import json_option, say, show_json, show_table
from core import reports
from core.clock import now
from core.domains import load_domains
from core.findings import InvalidSettingsError
from core.redis_client import get_prompt_redis
from core.settings import load_settings
from core.together import together
from core.vitals import DOCTOR

CHECK_SECONDS = 5.0

_STYLES = {Status.OK: "", Status.WARNING: "yellow", Status.FAILED: "red"}


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Check the settings and everything that the gateway needs.

    Exit code: 0 when all is well, warnings included, 1 when something failed, 2 when the settings
    cannot be used. Nothing needs to run; what does not answer is one line with its remedy.
    """
    # What a check meets stands in its line; the libraries' log lines would repeat it.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        settings = load_settings()
        checks = all_checks(settings, load_domains())
    except InvalidSettingsError as error:
        found = {f.subject: failed(f.problem, f.remedy) for f in error.findings}
        _show(found, as_json=as_json)
        sys.exit(EXIT_SETTINGS)
    outcomes = {"settings": Outcome(Status.OK, f"usable, {settings.mode} vendors"), **ask(checks)}
    _keep(outcomes)
    _show(outcomes, as_json=as_json)
    sys.exit(EXIT_FAILED if _worst(outcomes) is Status.FAILED else 0)


def ask(checks: Mapping[str, Check], seconds: float = CHECK_SECONDS) -> dict[str, Outcome]:
    """Run all checks side by side, and give what each found.

    A check that takes longer than `seconds` failed, as has one that raises: this command is for
    the moment in which something is wrong, so nothing that is wrong may end it.
    """
    silent = failed(f"no answer within {seconds:.0f} s", "see whether it is reachable from here")
    found: dict[str, Outcome] = {}
    for name, outcome in together(checks, seconds).items():
        if isinstance(outcome, Outcome):
            found[name] = outcome
        else:
            found[name] = failed(str(outcome), "see the logs") if outcome.error else silent
    return found


def _keep(outcomes: Mapping[str, Outcome]) -> None:
    """Leave the findings for the health page; Redis may be what is broken."""
    rows = [{"check": name, **asdict(outcome)} for name, outcome in outcomes.items()]
    with suppress(redis.RedisError):
        get_prompt_redis().ping()
        reports.save(DOCTOR, {"at": now().isoformat(), "checks": rows})


def _worst(outcomes: Mapping[str, Outcome]) -> Status:
    present = {outcome.status for outcome in outcomes.values()}
    return next((s for s in (Status.FAILED, Status.WARNING) if s in present), Status.OK)


def _show(outcomes: Mapping[str, Outcome], *, as_json: bool) -> None:
    if as_json:
        rows = [{"check": name, **asdict(outcome)} for name, outcome in outcomes.items()]
        show_json({"status": _worst(outcomes), "checks": rows})
        return
    show_table(
        ("STATUS", "CHECK", "FOUND"),
        [(outcome.status, name, outcome.found) for name, outcome in outcomes.items()],
        styles=[_STYLES[outcome.status] for outcome in outcomes.values()],
    )
    remedies = [(name, outcome.remedy) for name, outcome in outcomes.items() if outcome.remedy]
    if remedies:
        say()
        for name, remedy in remedies:
            say(f"{name}: {remedy}")
