"""What one piece of work costs while the ledger grows: changed work counts, kept rows do not."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.tables import Table

SIZES = (1_000, 10_000, 100_000)
RUNS = 100


def measure() -> Table:
    """Time each step of the flow on ledgers of three sizes, in the same process."""
    steps: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            for name, milliseconds in _steps(Path(folder) / str(size), size).items():
                steps.setdefault(name, []).append(milliseconds)
    return Table(
        f"Milliseconds of each step with so many links and as many deliveries, median of {RUNS}. "
        "The work is the same at each size: one delivery, ten changed tasks, one claim.",
        ("step", *(f"{size:,} links" for size in SIZES), "largest against smallest"),
        [
            (name, *(f"{it:.2f}" for it in found), f"x{found[-1] / found[0]:.2f}")
            for name, found in steps.items()
        ],
    )


def _steps(folder: Path, size: int) -> dict[str, float]:
    # Imported here: the settings must not be read before the folder is set.
    from datetime import timedelta  # noqa: PLC0415

    from sqlalchemy import select  # noqa: PLC0415

    from bench.huge import Size, fill  # noqa: PLC0415
    from core import inbox, lanes, ledger  # noqa: PLC0415
    from core.database import reading, writing  # noqa: PLC0415
    from core.migrate import upgrade  # noqa: PLC0415
    from core.models import Link  # noqa: PLC0415
    from core.settings import get_settings  # noqa: PLC0415

    folder.mkdir()
    os.environ["IGW_DATA_DIR"] = str(folder)
    os.environ["IGW_ENV_FILE"] = str(folder / "no.env")
    get_settings.cache_clear()
    upgrade(get_settings())
    fill(Size(size, activity=size * 5, rules=20, dead_letters=20, deliveries=size, audit=20))
    with reading() as session:
        links = list(session.scalars(select(Link).order_by(Link.id.desc()).limit(10)))
    lease = timedelta(minutes=2)

    def take_delivery(number: int) -> None:
        arrival = inbox.Arrival(
            "jira", "jira:issue_updated", f"bench-{size}-{number}", "10001", "t", "r", {}, b"{}"
        )
        with writing() as session:
            [row] = inbox.record_all(session, [arrival])
        with writing() as session:
            for delivery in inbox.claim(session, [row or 0], "bench", lease):
                inbox.finish(session, delivery, inbox.DeliveryState.DONE)

    def note_changes(number: int) -> None:
        changed = [
            ledger.Sighting(one.id, one.source_id, one.snapshot | {"title": number}, "a" * 64, "")
            for one in links
        ]
        with writing() as session:
            ledger.note_sightings(session, "peopleforce", changed)

    def claim_one(number: int) -> None:
        with writing() as session:
            ledger.claim(session, [links[0].id], f"bench-{number}", -lease)

    def look_for_due(_: int) -> None:
        with writing() as session:
            ledger.take_due(session)
            inbox.take_due(session)

    def oldest(_: int) -> None:
        with reading() as session:
            lanes.oldest(session)

    return {
        "a delivery written down, claimed and finished": _time(take_delivery),
        "ten changes of a poll noted": _time(note_changes),
        "a record claimed": _time(claim_one),
        "resume and relay look for what is due": _time(look_for_due),
        "the oldest waiting work": _time(oldest),
    }


def _time(step: Callable[[int], None]) -> float:
    for number in range(-5, 0):
        step(number)
    taken = []
    for number in range(RUNS):
        before = time.perf_counter()
        step(number)
        taken.append((time.perf_counter() - before) * 1000)
    return statistics.median(taken)
