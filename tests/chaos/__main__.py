"""`python -m tests.chaos`: kill the gateway in all ways, and print what came of it."""

from __future__ import annotations

import argparse
import random
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from tests.chaos.breaks import BREAKS
from tests.chaos.killing import Deed, deeds
from tests.chaos.report import Table, write
from tests.chaos.trial import SETTLE_SECONDS, Harness


def main(arguments: Sequence[str] | None = None) -> int:
    """Run trials until the time is up or all are done; exit code 1 when the promise was broken."""
    options = _options(arguments)
    # Whatever ends this has to end the stack: it runs in a session of its own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    table = Table()
    deadline = time.monotonic() + options.minutes * 60
    done: list[int] = []
    for seed in options.seeds:
        if time.monotonic() < deadline:
            done.append(seed)
            print(f"\n== seed {seed}", flush=True)
            _run(seed, options, table, deadline)
    print(f"\n{table.changes} changes by people\n\n{table.markdown()}\n")
    for name, finding in table.broken():
        print(f"{finding.kind}: {finding.record} {finding.text} (after: {name})")
    if options.write:
        command = shlex.join(["python", "-m", "tests.chaos", *(arguments or sys.argv[1:])])
        write(options.write, table, command, done)
    return 1 if table.broken() else 0


def _run(seed: int, options: argparse.Namespace, table: Table, deadline: float) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="igw-chaos-", ignore_cleanup_errors=True) as folder,
        Harness(Path(folder), seed) as harness,
    ):
        for name in options.broken:
            harness.break_build(name)
        everything = deeds(harness.triggers, options.still)
        table.order([deed.name for deed in everything])
        for deed in _chosen(everything, seed, options):
            if time.monotonic() > deadline:
                break
            outcome = harness.run(deed, options.kills, options.settle)
            table.add(outcome)
            seconds = (
                "never right" if outcome.seconds is None else f"right in {outcome.seconds:.1f} s"
            )
            print(
                f"{outcome.name:40} killed {outcome.kills}, {outcome.changes} changes, {seconds}",
                *(f"\n  {one.kind}: {one.record} {one.text}" for one in outcome.findings),
                flush=True,
            )


def _chosen(all_deeds: Sequence[Deed], seed: int, options: argparse.Namespace) -> list[Deed]:
    chosen = [
        deed
        for deed in all_deeds
        if fnmatch(deed.name, options.step) and not (options.quick and deed.slow)
    ]
    # In another order for each seed: what one death leaves behind, the next may meet.
    random.Random(seed).shuffle(chosen)
    return chosen


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=_numbers, default=[1], help="such as 7, 1-10 or 1,5")
    parser.add_argument("--minutes", type=float, default=60, help="begin no trial after that")
    parser.add_argument("--kills", type=int, default=2, help="in each trial")
    parser.add_argument("--step", default="*", help="what dies, as a glob over the table's names")
    parser.add_argument("--quick", action="store_true", help="leave out what recovers in minutes")
    parser.add_argument(
        "--settle", type=float, default=SETTLE_SECONDS, help="seconds in which all must come right"
    )
    parser.add_argument("--still", type=float, default=30, help="seconds that Redis stands still")
    parser.add_argument("--broken", action="append", choices=sorted(BREAKS), default=[])
    parser.add_argument("--write", type=Path, help="a page to put the table into")
    return parser.parse_args(arguments)


def _numbers(text: str) -> list[int]:
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


if __name__ == "__main__":
    sys.exit(main())
