"""Forgetting commands: a reply may hold personal data, and is kept for minutes."""

from __future__ import annotations

from core import commands
from core.database import writing
from core.schedule import claim_turn
from tasks import app

CHUNK = 1000
"""Rows in one transaction, so that writers wait for milliseconds only."""


@app.task(name="ops.forget_commands", max_retries=0)
def forget_commands() -> None:
    """Remove commands whose answer can no longer be fetched."""
    if not claim_turn("ops.forget_commands"):
        return
    removed = CHUNK
    while removed == CHUNK:
        with writing() as session:
            removed = commands.forget(session, CHUNK)
