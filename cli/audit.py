"""`igw audit`: who changed what."""

from __future__ import annotations

import click

from cli.output import json_option, say, show_json, show_table
from core import audit as core_audit
from core.database import reading
from core.models import Audit
from core.rule_text import in_short


@click.command()
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@click.option(
    "--about", default="", help="Only rows with this text in what was changed, or by whom."
)
@json_option
def audit(limit: int, about: str, *, as_json: bool) -> None:
    """Show who changed what: rules, settings, and what was tried again; newest first."""
    with reading() as session:
        rows = core_audit.latest(session, limit, about=about)
    if as_json:
        show_json([_facts(row) for row in rows])
    elif not rows:
        say(f"Nothing about {about!r} was changed." if about else "Nothing was changed yet.")
    else:
        show_table(
            ("WHEN (UTC)", "WHO", "WHAT", "HOW AND WHY"),
            [
                (
                    f"{row.at:%Y-%m-%d %H:%M}",
                    row.actor,
                    f"{row.action} {row.subject}",
                    "\n".join(part for part in (in_short(row.before, row.after), row.note) if part),
                )
                for row in rows
            ],
        )


def _facts(row: Audit) -> dict[str, object]:
    return {
        "at": row.at,
        "actor": row.actor,
        "action": row.action,
        "subject": row.subject,
        "before": row.before,
        "after": row.after,
        "note": row.note,
    }
