"""`python -m bench`: run every measurement, or those that are named."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from bench import (
    burst,
    commands,
    counting,
    crowd,
    first_run,
    flood,
    framework,
    growth,
    ingest,
    isolation,
    latency,
    mapping,
    pages,
    poll,
    start,
    streams,
    vendor_calls,
    worker,
)
from bench.tables import Table, machine, write_section

MEASUREMENTS: Mapping[str, Callable[[], Table]] = {
    "ingest": ingest.measure,
    "framework": framework.measure,
    "flood": flood.measure,
    "burst": burst.measure,
    "streams": streams.measure,
    "crowd": crowd.measure,
    "isolation": isolation.measure,
    "commands": commands.measure,
    "worker": worker.measure,
    "poll": poll.measure,
    "mapping": mapping.measure,
    "counting": counting.measure,
    "growth": growth.measure,
    "vendor_calls": vendor_calls.measure,
    "latency": latency.measure,
    "pages": pages.measure,
    "first_run": first_run.measure,
    "start": start.measure,
}


def main() -> None:
    """Run the measurements and print their tables; with `--write` put them into a document, too."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASUREMENTS)}")
    parser.add_argument("--write", type=Path, metavar="FILE", help="such as docs/performance.md")
    asked = parser.parse_args()
    unknown = set(asked.names) - MEASUREMENTS.keys()
    if unknown:
        parser.error(f"there is no measurement {', '.join(sorted(unknown))}")
    if len(asked.names) == 1:
        _measure(asked.names[0], asked.write)
        return
    for name in asked.names or MEASUREMENTS:
        # Each in a process of its own: caches and memory of one are not those of the next.
        write = ["--write", str(asked.write)] if asked.write else []
        subprocess.run([sys.executable, "-m", "bench", name, *write], check=True)  # noqa: S603


def _measure(name: str, document: Path | None) -> None:
    print(f"\n== {name}: {machine()}", flush=True)
    table = MEASUREMENTS[name]()
    print(table.text(), flush=True)
    if document is not None:
        write_section(document, name, table)


if __name__ == "__main__":
    main()
