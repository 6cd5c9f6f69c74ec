"""`igw poll`: read PeopleForce now."""

from __future__ import annotations

import time

import click

from cli.main import EXIT_FAILED
from cli.output import json_option, say, show_json
from core import reports
from core.dispatch import publish

WAIT_SECONDS = 90
"""Longer than the longest poll may take."""


@click.command()
@json_option
@click.pass_context
def poll(ctx: click.Context, *, as_json: bool) -> None:
    """Read PeopleForce now, without waiting for the interval, and show what was found.

    Exit code: 1 when the poll failed, or when no worker did it in time.
    """
    before = (reports.last("pf_jira.poll") or {}).get("began")
    if not publish("pf_jira.poll", True):
        say("The broker does not answer. See what is wrong with: igw doctor")
        ctx.exit(EXIT_FAILED)
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        report = reports.last("pf_jira.poll")
        if report is not None and report["began"] != before:
            _show(report, as_json=as_json)
            ctx.exit(EXIT_FAILED if "error" in report else 0)
        time.sleep(0.2)
    say(f"No worker polled within {WAIT_SECONDS} s. See what is wrong with: igw doctor")
    ctx.exit(EXIT_FAILED)


def _show(report: dict, *, as_json: bool) -> None:
    if as_json:
        show_json(report)
    elif "error" in report:
        say(f"The poll failed: {report['error']}. It is repeated at the next interval.")
    else:
        say(
            f"Read {report['open']} open tasks in {report['seconds']:.1f} s: {report['new']} new, "
            f"{report['changed']} changed, {report['missing']} not found in either list."
        )
