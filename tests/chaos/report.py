"""What was measured: a file of outcomes, and the tables of them for the documentation."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.chaos.judge import Kind
from tests.chaos.killing import deeds
from tests.chaos.traps import INTACT, LACKS, Discovery
from tests.chaos.trial import Outcome

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

HEAD = ("what dies", "runs", "deaths", *(kind.value for kind in Kind))
HEAD_END = ("dead letters", "median s", "max s")
BROKEN_HEAD = ("what the build lacks", "runs", "found out", "what showed")

TRIALS_BEGIN = """\
A run is one seed's. Deaths are how often its processes died, its clock was set or its disk was
full. The seconds are those from the last death of a run to the first moment at which everything
was right."""

BROKEN_BEGIN = """\
The same harness on builds that are broken on purpose, each in a trap that brings about the moment
in which the break shows. The build that lacks nothing goes through the same traps."""

Record = dict[str, Any]


class Results:
    """Outcomes of trials in a file, a line each; of those that were run again the last counts.

    Several processes may add to one file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, seed: int, came: Outcome | Discovery) -> None:
        """Note what came of one run, and print it."""
        if isinstance(came, Outcome):
            of, right = "trial", "never right"
            if came.seconds is not None:
                right = f"right in {came.seconds:.1f} s"
            said = f"struck {came.kills}, {came.changes} changes, {right}"
        else:
            of, seen = "build", _counted(one.kind for one in came.findings)
            said = f"{seen or 'nothing found'} in {came.seconds:.1f} s"
        self._append({"seed": seed, "of": of, **asdict(came)})
        findings = [f"\n  {one.kind}: {one.record} {one.text}" for one in came.findings]
        print(f"seed {seed:2} {came.name:36} {said}", *findings, flush=True)

    def names_of(self, seed: int) -> set[str]:
        """Give what a seed has been tried on, deaths and builds."""
        records = [*self._read("trial"), *self._read("build")]
        return {record["name"] for record in records if record["seed"] == seed}

    @property
    def bad(self) -> bool:
        """Whether the promise was broken, or a broken build was not found out."""
        return any(record["findings"] for record in self._read("trial")) or any(
            bool(record["findings"]) == (record["name"] == INTACT) for record in self._read("build")
        )

    def text(self) -> str:
        """Give all of it: what was measured where, the tables, and what was left out."""
        records = [*self._read("trial"), *self._read("build")]
        parts = [_where(records), *self._trials(), *self._builds()] if records else []
        return "\n\n".join(parts)

    def _trials(self) -> Iterable[str]:
        records = self._read("trial")
        if not records:
            return
        known = [deed.name for deed in deeds(Path(), clock=None, disk=None)]
        by_name = {name: [record for record in records if record["name"] == name] for name in known}
        changes = sum(record["changes"] for record in records)
        yield f"{TRIALS_BEGIN} People made {changes:,} changes meanwhile."
        rows = [_row(name, own) for name, own in by_name.items() if own]
        yield _table((*HEAD, *HEAD_END), rows)
        if left_out := [name for name, own in by_name.items() if not own]:
            yield f"Not tried in this measurement: {'; '.join(left_out)}."

    def _builds(self) -> Iterable[str]:
        records = self._read("build")
        if not records:
            return
        yield BROKEN_BEGIN
        rows = []
        for name, lacks in LACKS.items():
            own = [record for record in records if record["name"] == name]
            if own:
                found = sum(bool(record["findings"]) for record in own)
                seen = _counted(one["kind"] for record in own for one in record["findings"])
                rows.append((f"{lacks} (`{name}`)", str(len(own)), str(found), seen or "nothing"))
        yield _table(BROKEN_HEAD, rows)

    def findings(self) -> list[str]:
        """Say of each broken promise what broke it."""
        return [
            f"seed {record['seed']}: {one['kind']}: {one['record']} {one['text']} "
            f"(after: {record['name']})"
            for record in self._read("trial")
            for one in record["findings"]
        ]

    def _append(self, record: Record) -> None:
        line = json.dumps({"at": datetime.now(UTC).isoformat(), **record})
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")

    def _read(self, of: str) -> list[Record]:
        if not self._path.exists():
            return []
        lines = self._path.read_text(encoding="utf-8").splitlines()
        records = [record for record in map(json.loads, lines) if record["of"] == of]
        return list({(record["seed"], record["name"]): record for record in records}.values())


def write(path: Path, results: Results) -> None:
    """Put what was measured into a page, between its marks."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{results.text()}\n{END}{after}", encoding="utf-8")


def _where(records: Sequence[Record]) -> str:
    days = sorted({datetime.fromisoformat(record["at"]).date() for record in records})
    seeds = _ranges({record["seed"] for record in records})
    return (
        f"Measured on {', '.join(f'{day:%-d %B %Y}' for day in days)} with the seeds {seeds}: "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, "
        f"Python {platform.python_version()}, SQLite."
    )


def _ranges(numbers: Iterable[int]) -> str:
    """Write numbers as `--seeds` takes them, such as 1-10 or 1,5."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][-1] == number - 1:
            found[-1].append(number)
        else:
            found.append([number])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in found)


def _row(name: str, records: Sequence[Record]) -> tuple[str, ...]:
    seconds = [r["seconds"] for r in records if r["seconds"] is not None and r["kills"]]
    times = (f"{median(seconds):.1f}", f"{max(seconds):.1f}") if seconds else ("-", "-")
    findings = [one["kind"] for record in records for one in record["findings"]]
    return (
        name,
        str(len(records)),
        str(sum(record["kills"] for record in records)),
        *(str(findings.count(kind)) for kind in Kind),
        str(sum(record["letters"] for record in records)),
        *times,
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ("---", *["---:"] * (len(head) - 1)), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _counted(kinds: Iterable[str]) -> str:
    seen = list(kinds)
    return ", ".join(f"{seen.count(kind)} {kind}" for kind in Kind if kind in seen)
