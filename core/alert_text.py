"""The words in which people are told of an alert. Pure: no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.alert_decisions import Telling, telling_of
from core.models import Alert


@dataclass(frozen=True)
class Notice:
    """One message, before a channel puts it into its own form.

    Where a channel has room for less, `body` is what it may cut; the title and the link stay.
    """

    title: str
    body: str
    link: str


def notice_of(alert: Alert, public_url: str) -> Notice:
    """Say what, where, since when and what to do, with the link to the page that shows it."""
    telling = telling_of(alert)
    prefix = {Telling.BEGAN: "", Telling.GOES_ON: "Still: ", Telling.IS_OVER: "Over: "}[telling]
    lines = [_times(alert)]
    if telling is not Telling.IS_OVER:
        lines = [alert.text, *lines, *_records(alert)]
    return Notice(f"{prefix}{alert.title}", "\n".join(lines), f"{public_url}{alert.path}")


def _times(alert: Alert) -> str:
    since = _moment(alert.first_seen)
    often = "once" if alert.count == 1 else f"{alert.count} times"
    if alert.resolved_at is not None:
        lasted = _duration(alert.resolved_at - alert.first_seen)
        return f"It began {since} and was over {_moment(alert.resolved_at)}, after {lasted}."
    if alert.told_at is not None:
        more = alert.count - alert.told_count
        return f"Since {since}: seen {often}, {more} of them since the last message."
    return f"Since {since}: seen {often}." if alert.count > 1 else f"Seen {since}."


def _records(alert: Alert) -> list[str]:
    if not alert.records:
        return []
    more = alert.count - len(alert.records)
    others = f" and {more} more" if more > 0 else ""
    return [f"About: {', '.join(alert.records)}{others}."]


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _duration(time: timedelta) -> str:
    minutes = round(time / timedelta(minutes=1))
    if minutes < 1:
        return "less than a minute"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
