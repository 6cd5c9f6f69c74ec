"""`python -m bench`: run every measurement, or those that are named."""

from __future__ import annotations

import os
import platform
import sys

from bench import first_run, flood, ingest, mapping, pages, poll, streams

MEASUREMENTS = {
    "poll": poll.measure,
    "first_run": first_run.measure,
    "mapping": mapping.measure,
    "pages": pages.measure,
    "ingest": ingest.measure,
    "flood": flood.measure,
    "streams": streams.measure,
}


def main(names: list[str]) -> None:
    """Run the measurements and print their tables."""
    print(f"{platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}")
    for name in names or MEASUREMENTS:
        print(f"\n== {name}")
        MEASUREMENTS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
