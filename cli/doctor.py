"""`igw doctor`: check the settings and everything that the gateway needs."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict

import click

from cli.checks import all_checks
from cli.main import EXIT_FAILED, EXIT_SETTINGS
from cli.outcomes import Check, Outcome, Status, failed
from cli.output import json_option, say, show_json, show_table
from core.domains import load_domains
from core.findings import InvalidSettingsError
from core.settings import load_settings

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
    _show(outcomes, as_json=as_json)
    sys.exit(EXIT_FAILED if _worst(outcomes) is Status.FAILED else 0)


def ask(checks: Mapping[str, Check], seconds: float = CHECK_SECONDS) -> dict[str, Outcome]:
    """Run all checks side by side, and give what each found.

    A check that takes longer than `seconds` failed, as has one that raises: this command is for
    the moment in which something is wrong, so nothing that is wrong may end it.
    """
    found: dict[str, Outcome] = {}

    def run(name: str, check: Check) -> None:
        try:
            found[name] = check()
        except Exception as error:  # noqa: BLE001 - see above
            found[name] = failed(f"{type(error).__name__}: {error}", "see the logs")

    threads = [
        threading.Thread(target=run, args=item, name=item[0], daemon=True)
        for item in checks.items()
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    silent = failed(f"no answer within {seconds:.0f} s", "see whether it is reachable from here")
    return {name: found.get(name, silent) for name in checks}


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
