"""`python -m tests.chaos`: kill the gateway in all ways, and print what came of it."""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatch
from multiprocessing.synchronize import Lock
from pathlib import Path

import pytest

from tests.chaos.breaks import BREAKS
from tests.chaos.killing import Deed
from tests.chaos.machine import missing
from tests.chaos.report import Results, write
from tests.chaos.traps import INTACT, Discovery, find_out, withstand
from tests.chaos.trial import SETTLE_SECONDS, Harness, Outcome

STARTS = 4
"""How often a stack is started for a seed, when it does not come up or cannot be looked at."""

_starting: Lock


def main(arguments: Sequence[str] | None = None) -> int:
    """Make all runs until the time is up; exit code 1 when the promise was broken.

    So it is when a build that is broken on purpose was not found out.
    """
    options = _options(arguments)
    _end_in_order()
    for what in missing():
        print(f"left out: {what}")
    with tempfile.TemporaryDirectory(prefix="igw-chaos-") as folder:
        results = Results(options.results or Path(folder) / "results.jsonl")
        deadline = time.monotonic() + options.minutes * 60
        run = functools.partial(_run, options=options, results=results, deadline=deadline)
        starting = multiprocessing.Lock()
        with multiprocessing.Pool(options.jobs, _begin, (starting,)) as pool:
            for _ in pool.imap_unordered(run, options.seeds):
                pass
        print(f"\n{results.text()}", *results.findings(), sep="\n")
        if options.write:
            write(options.write, results)
        return 1 if results.bad else 0


def _end_in_order() -> None:
    # Whatever ends this has to end the stack: it runs in a session of its own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def _begin(starting: Lock) -> None:
    _end_in_order()
    global _starting  # noqa: PLW0603 - how a pool hands a lock to its processes
    _starting = starting


@contextmanager
def _harness(seed: int, broker: str) -> Generator[Harness]:
    """Start a stack, one at a time: starting takes all of the machine that there is."""
    with ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="igw-chaos-", ignore_cleanup_errors=True)
        )
        with _starting:
            harness = stack.enter_context(Harness(Path(folder), seed, broker))
        yield harness


def _run(seed: int, options: argparse.Namespace, results: Results, deadline: float) -> None:
    for _ in range(STARTS):
        try:
            _run_all(seed, options, results, deadline)
        except (pytest.fail.Exception, Exception) as failure:  # noqa: BLE001 - the results have the rest
            # On a machine that is busy with other work, anything may take too long.
            print(f"seed {seed:2} starts anew after: {failure!r:.500}", flush=True)
        else:
            return


def _run_all(seed: int, options: argparse.Namespace, results: Results, deadline: float) -> None:
    with _harness(seed, options.broker) as harness:
        done = set() if options.again else results.names_of(seed)
        for name, run in _runs(harness, seed, options):
            if name not in done and time.monotonic() < deadline:
                results.add(seed, run())


def _runs(
    harness: Harness, seed: int, options: argparse.Namespace
) -> Generator[tuple[str, Callable[[], Outcome | Discovery]]]:
    # Broken builds come last: what they lose and double stays so.
    if options.step or not options.broken:
        for deed in _chosen(list(harness.deeds.values()), seed, options):
            yield deed.name, functools.partial(harness.run, deed, options.kills, options.settle)
    if options.broken:
        yield INTACT, functools.partial(withstand, harness, options.settle)
        for name in BREAKS:
            if any(fnmatch(name, pattern) for pattern in options.broken):
                yield name, functools.partial(find_out, harness, name)


def _chosen(all_deeds: Sequence[Deed], seed: int, options: argparse.Namespace) -> list[Deed]:
    chosen = [
        deed
        for deed in all_deeds
        if any(fnmatch(deed.name, pattern) for pattern in options.step or ["*"])
        and not (options.quick and deed.slow)
    ]
    # In another order for each seed: what one death leaves behind, the next may meet.
    random.Random(seed).shuffle(chosen)
    return chosen


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=_numbers, default=[1], help="such as 7, 1-10 or 1,5")
    parser.add_argument("--jobs", type=int, default=1, help="stacks side by side, one per seed")
    parser.add_argument("--minutes", type=float, default=60, help="begin no trial after that")
    parser.add_argument("--kills", type=int, default=2, help="in each trial")
    parser.add_argument(
        "--step", action="append", help="what dies, as a glob over the table's names; repeatable"
    )
    parser.add_argument("--broker", choices=("redis", "rabbitmq"), default="redis")
    parser.add_argument("--quick", action="store_true", help="leave out what recovers in minutes")
    parser.add_argument(
        "--settle", type=float, default=SETTLE_SECONDS, help="seconds in which all must come right"
    )
    parser.add_argument(
        "--broken",
        action="append",
        help="which builds that are broken on purpose go into their traps, as a glob over "
        f"{', '.join(BREAKS)}; repeatable; without --step nothing else is tried",
    )
    parser.add_argument(
        "--results", type=Path, help="a file to add the outcomes to; what it has is not run again"
    )
    parser.add_argument("--again", action="store_true", help="run what the results have, too")
    parser.add_argument("--write", type=Path, help="a page to put the tables into")
    return parser.parse_args(arguments)


def _numbers(text: str) -> list[int]:
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


if __name__ == "__main__":
    sys.exit(main())
