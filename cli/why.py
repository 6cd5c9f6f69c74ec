"""`igw why`: the story of one task or issue."""

from __future__ import annotations

import click

from cli.main import EXIT_FAILED
from cli.output import json_option, say, show_facts, show_json, show_table
from core import activity, ledger
from core.database import reading
from core.models import Activity, Link
from core.readable import readable

SOURCE = "peopleforce"
LONGEST = 1_000
"""Characters of a fact: a title, or a reason in whole sentences, is shown to its end."""


@click.command()
@click.argument("key_or_id")
@json_option
@click.pass_context
def why(ctx: click.Context, key_or_id: str, *, as_json: bool) -> None:
    """Tell what happened to a task (its id) or an issue (its key), and where it stands.

    Exit code: 1 when the gateway knows neither.
    """
    word = key_or_id.strip()
    with reading() as session:
        link = ledger.find(session, SOURCE, word)
        record = link.source_id if link else word
        issue_key = link.issue_key if link else word.upper()
        rows = activity.story(session, record, issue_key)
    if link is None and not rows:
        click.echo(
            f"The gateway knows no task and no issue {word}. It takes in tasks that are open in "
            "PeopleForce; the next poll may bring it, or ask for one with: igw poll",
            err=True,
        )
        ctx.exit(EXIT_FAILED)
    if as_json:
        show_json({"link": _facts(link) if link else None, "story": [_row(row) for row in rows]})
        return
    if link:
        facts = _facts(link).items()
        show_facts([(name, readable(value, LONGEST)) for name, value in facts if value != ""])
        say()
    show_table(
        ("WHEN (UTC)", "WHAT", ""),
        [
            (f"{row.at:%Y-%m-%d %H:%M:%S}", row.action.replace("_", " "), row.summary)
            for row in rows
        ],
    )


def _facts(link: Link) -> dict[str, object]:
    waiting = f"next attempt at {link.due_at:%H:%M:%S} UTC" if link.due_at else ""
    return {
        "task": link.source_id,
        "title": link.snapshot.get("title", ""),
        "issue": link.issue_key or "",
        "state": link.state.value,
        "completed": link.completed,
        "reason": link.reason,
        "work waiting": waiting,
    }


def _row(row: Activity) -> dict[str, object]:
    return {
        "at": row.at,
        "action": row.action,
        "summary": row.summary,
        "issue": row.issue_key,
        "changes": row.changes,
        "request_id": row.request_id,
    }
