"""`igw lanes`: the records whose work waits, the one that has waited longest first."""

from __future__ import annotations

from dataclasses import asdict

import click

from cli.output import json_option, say, show_json, show_table
from core.clock import age, now
from core.database import reading
from core.lanes import DELIVERY, Lane, blocked, oldest

NEW_SECONDS = 60
"""Work that is younger is on its way; older work is held up by something."""


@click.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
def lanes(limit: int, *, as_json: bool) -> None:
    """Show the records whose work waits: since when, why, and when it is tried again.

    Work on one record is done one piece at a time, and a record that fails holds up no other.
    """
    with reading() as session:
        found, ages = blocked(session, limit), oldest(session)
    moment = now()
    if as_json:
        waits = {name: (moment - at).total_seconds() if at else None for name, at in ages.items()}
        rows = [{**asdict(lane), "age": (moment - lane.since).total_seconds()} for lane in found]
        show_json({"oldest_seconds": waits, "lanes": rows})
        return
    if not found:
        say("No work waits.")
        return
    show_table(
        ("RECORD", "WAITS", "TRIED", "NEXT (UTC)", "WHAT", "WHY"),
        [
            (
                lane.record,
                age(moment - lane.since),
                lane.attempts,
                _next(lane),
                _what(lane),
                lane.why,
            )
            for lane in found
        ],
        styles=[
            "yellow" if (moment - lane.since).total_seconds() > NEW_SECONDS else ""
            for lane in found
        ],
    )
    say()
    if len(found) == limit:
        say(f"These are the {limit} that have waited longest; more with: igw lanes --limit N")
    first = found[0].record
    say(f"Its story: igw why {first}. Out of the way: igw skip {first} --note TEXT")


def _next(lane: Lane) -> str:
    if lane.claimed_by is not None:
        return "in hand"
    return "now" if lane.next_attempt <= now() else f"{lane.next_attempt:%H:%M:%S}"


def _what(lane: Lane) -> str:
    what = f"delivery {lane.unit_id}" if lane.unit == DELIVERY else "change"
    return f"{what}, {lane.behind} behind it" if lane.behind else what
