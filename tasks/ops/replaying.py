"""Replays of many dead letters, which somebody watches in the dashboard."""

from __future__ import annotations

from core import replaying
from tasks import app


@app.task(name=replaying.TASK, max_retries=3)
def replay(replay_id: int) -> None:
    """Make the letters of a replay due, piece by piece; safe to run twice."""
    replaying.go_on(replay_id)
