"""What a poll of unchanged tasks costs us: parsing, hashing, and comparing with the ledger."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path

import psutil

from bench.tables import Spread, Table

SIZES = (1_000, 10_000, 50_000)
RUNS = 5


def measure() -> Table:
    """Measure the CPU of a poll for ledgers of several sizes; the vendor's time is left out."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["IGW_DATA_DIR"] = folder
        os.environ["IGW_ENV_FILE"] = str(Path(folder) / "no.env")
        for size in SIZES:
            before = psutil.Process().memory_info().rss
            seconds = Spread(_cpu_of_polls(size), 3)
            grown = (psutil.Process().memory_info().rss - before) / 1_000_000
            per_task = f"{seconds.middle / size * 1e6:.1f}"
            rows.append([f"{size:,}", seconds, per_task, f"{grown:.0f}"])
    return Table(
        f"A poll in which nothing has changed: parsing, hashing, comparing with the ledger. {RUNS} "
        "runs; median (least to most).",
        ("open tasks", "CPU s", "us per task", "MB more than before"),
        rows,
    )


def _cpu_of_polls(size: int) -> list[float]:
    # Imported here: the settings must not be read before the folder is set.
    from connectors.peopleforce.models import TaskPage  # noqa: PLC0415
    from core import ledger  # noqa: PLC0415
    from core.clock import now  # noqa: PLC0415
    from core.database import reading, writing  # noqa: PLC0415
    from core.migrate import upgrade  # noqa: PLC0415
    from core.settings import get_settings  # noqa: PLC0415
    from tasks.pf_jira import SOURCE  # noqa: PLC0415
    from tasks.pf_jira.comparison import compare  # noqa: PLC0415

    upgrade(get_settings())
    pages = [json.dumps(_page(first, size)) for first in range(0, size, 50)]

    def poll() -> list[ledger.Sighting]:
        tasks = [
            task
            for number, page in enumerate(pages, start=1)
            for task in TaskPage.from_payload(json.loads(page), number).tasks
        ]
        with reading() as session:
            known = ledger.known_open(session, SOURCE)
            unknown = {str(task.id) for task in tasks} - known.keys()
            known |= ledger.known_among(session, SOURCE, unknown)
        return compare(tasks, known, began=now(), start=None).sightings

    sightings = poll()
    with writing() as session:
        ledger.note_sightings(session, SOURCE, sightings)
    seconds = []
    for _ in range(RUNS):
        before = time.process_time()
        changes = poll()
        seconds.append(time.process_time() - before)
        if changes:
            message = f"{len(changes)} unchanged tasks were taken for changed"
            raise AssertionError(message)
    return seconds


def _page(first: int, size: int) -> dict[str, object]:
    person = {"full_name": "Iryna Koval", "email": "iryna.koval@acme.example"}
    data = [
        {
            "id": 7_000_000 + number,
            "type": "Tasks::General",
            "title": f"Prepare laptop {number}",
            "starts_on": "2026-10-05",
            "ends_on": "2026-10-09",
            "completed_at": None,
            "completed": False,
            "description": "Model <b>X1</b>&nbsp;<br>" + "as agreed with the manager " * 8,
            "assigned_to": {"id": number % 40, **person},
            "associated_to": {"id": 1, "type": "Employee", **person},
            "created_at": "2026-10-01T08:15:30.120Z",
        }
        for number in range(first, min(first + 50, size))
    ]
    pagination = {
        "page": first // 50 + 1,
        "pages": -(-size // 50),
        "count": size,
        "items": len(data),
    }
    return {"data": data, "metadata": {"pagination": pagination}}
