"""Counting what was done, for the charts of the overview."""

from __future__ import annotations

from core import measurements
from core.database import writing
from core.schedule import claim_turn
from tasks import app


@app.task(name="ops.measure", max_retries=0)
def measure() -> None:
    """Bring the counts of the last day up to now; safe to run twice, and after any pause."""
    if not claim_turn("ops.measure"):
        return
    with writing() as session:
        measurements.measure(session)
