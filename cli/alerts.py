"""`igw alerts`: what people were told of, and a test of the way there."""

from __future__ import annotations

import time
from datetime import timedelta

import click

from cli.main import EXIT_FAILED
from cli.output import json_option, say, show_json, show_table
from core.alerts import latest, raise_alert
from core.database import reading, writing
from core.dispatch import publish
from core.logs import new_request_id
from core.models import Alert, AlertSeverity, AlertState

WAIT_SECONDS = 60
"""Longer than a worker needs to try every channel."""


@click.command()
@click.option("--test", is_flag=True, help="Send a test alert and say by which channel it went.")
@json_option
@click.pass_context
def alerts(ctx: click.Context, *, test: bool, as_json: bool) -> None:
    """List the latest alerts: what happened, what to do, and whether people were told.

    Exit code of a test: 1 when it did not arrive.
    """
    if test:
        ctx.exit(0 if _test(as_json=as_json) else EXIT_FAILED)
    with reading() as session:
        found = latest(session)
    if as_json:
        show_json([_facts(alert) for alert in found])
    elif not found:
        say("There was no alert yet. Try whether one would arrive: igw alerts --test")
    else:
        show_table(
            ("LAST SEEN (UTC)", "TIMES", "WHAT", "PEOPLE WERE TOLD"),
            [
                (
                    f"{alert.last_seen:%Y-%m-%d %H:%M}",
                    alert.count,
                    f"{alert.title}{' (over)' if alert.resolved_at else ''}\n{alert.text}",
                    _delivery(alert),
                )
                for alert in found
            ],
            styles=["dim" if alert.resolved_at else "" for alert in found],
        )


def _test(*, as_json: bool) -> bool:
    with writing() as session:
        alert_id = raise_alert(
            session,
            cause=f"test:{new_request_id()}",
            title="Test alert",
            text="Somebody asked for this with `igw alerts --test`. There is nothing to do: alerts "
            "of the gateway arrive here.",
            severity=AlertSeverity.INFO,
            wait=timedelta(0),
        )
    if not publish("ops.deliver_alerts", True):
        say("The broker does not answer. See what is wrong with: igw doctor")
        return False
    alert = _wait_for(alert_id)
    if as_json:
        show_json(_facts(alert))
    elif alert.state is AlertState.DELIVERED:
        say(f"The test alert arrived by {alert.channel.capitalize()}.")
        if alert.reason:
            say(f"It took the reserve because {alert.reason}.")
    elif not alert.reason:
        say(f"No worker took the test alert within {WAIT_SECONDS} s; it stays waiting. See what is")
        say("wrong with: igw doctor")
    else:
        again = "; it is tried again" if alert.state is AlertState.WAITING else ""
        say(f"The test alert did not arrive: {alert.reason}{again}.")
    return alert.state is AlertState.DELIVERED


def _wait_for(alert_id: int) -> Alert:
    """Wait until something came of an alert, and give it; as it is, when nothing does."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        with reading() as session:
            alert = session.get_one(Alert, alert_id)
        if alert.tried_at is not None or time.monotonic() > deadline:
            return alert
        time.sleep(0.2)


def _delivery(alert: Alert) -> str:
    match alert.state:
        case AlertState.DELIVERED:
            by = f"by {alert.channel.capitalize()}"
            return f"{by}; {alert.reason}" if alert.reason else by
        case AlertState.UNDELIVERABLE:
            return f"no: {alert.reason}"
        case AlertState.WAITING:
            return f"not yet{f': {alert.reason}' if alert.reason else ''}"


def _facts(alert: Alert) -> dict[str, object]:
    return {
        "id": alert.id,
        "cause": alert.cause,
        "severity": alert.severity.value,
        "title": alert.title,
        "text": alert.text,
        "path": alert.path,
        "records": alert.records,
        "first_seen": alert.first_seen,
        "last_seen": alert.last_seen,
        "count": alert.count,
        "resolved_at": alert.resolved_at,
        "state": alert.state.value,
        "channel": alert.channel,
        "reason": alert.reason,
        "attempts": alert.attempts,
        "told_at": alert.told_at,
        "due_at": alert.due_at,
    }
