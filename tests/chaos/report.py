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

from tests.chaos.breaks import BREAKS
from tests.chaos.judge import Kind
from tests.chaos.steps import STEPS
from tests.chaos.trial import Discovery, Outcome

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
BROKEN_BEGIN, BROKEN_END = "<!-- broken: begin -->", "<!-- broken: end -->"

HEAD = ("what dies", "trials", "runs", *(kind.value for kind in Kind))
HEAD_END = ("dead letters", "median s", "max s")
BROKEN_HEAD = ("broken", "trials", "found out", "what showed")

Record = dict[str, Any]


class Results:
    """Outcomes of trials in a file, a line each; of those that were run again the last counts.

    Several processes may add to one file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, seed: int, outcome: Outcome) -> None:
        """Note what came of one trial, and print it."""
        self._append({"seed": seed, "of": "trial", **asdict(outcome)})
        seconds = "never right" if outcome.seconds is None else f"right in {outcome.seconds:.1f} s"
        print(
            f"seed {seed:2} {outcome.name:36} struck {outcome.kills}, "
            f"{outcome.changes} changes, {seconds}",
            *(f"\n  {one.kind}: {one.record} {one.text}" for one in outcome.findings),
            flush=True,
        )

    def add_discovery(self, seed: int, discovery: Discovery) -> None:
        """Note what a broken build was seen to do, and print it."""
        self._append({"seed": seed, "of": "broken build", **asdict(discovery)})
        seen = _counted(one.kind for one in discovery.findings) or "not found out"
        print(f"seed {seed:2} {discovery.name:36} {seen}, {discovery.seconds:.1f} s", flush=True)

    def names_of(self, seed: int) -> set[str]:
        """Give what a seed has been tried on."""
        return {record["name"] for record in self._read("trial") if record["seed"] == seed}

    @property
    def bad(self) -> bool:
        """Whether the promise was broken, or a broken build was not found out."""
        return any(record["findings"] for record in self._read("trial")) or any(
            not record["findings"] for record in self._read("broken build")
        )

    def text(self) -> str:
        """Give all of it for the terminal."""
        parts = [self.trials(), self.broken_builds(), *self._findings()]
        return "\n\n".join(part for part in parts if part)

    def trials(self) -> str:
        """Give the table of what died; "" where nothing did."""
        records = self._read("trial")
        if not records:
            return ""
        changes = sum(record["changes"] for record in records)
        seeds = {record["seed"] for record in records}
        known = sorted({record["name"] for record in records}, key=_place)
        rows = [_row(name, [r for r in records if r["name"] == name]) for name in known]
        return (
            f"{_machine(records)} {len(records)} trials with {len(seeds)} seeds, "
            f"{changes:,} changes by people.\n\n{_table((*HEAD, *HEAD_END), rows)}"
        )

    def broken_builds(self) -> str:
        """Give the table of the broken builds; "" where none was tried."""
        records = self._read("broken build")
        rows = []
        for name in BREAKS:
            own = [record for record in records if record["name"] == name]
            if own:
                found = sum(bool(record["findings"]) for record in own)
                seen = _counted(one["kind"] for record in own for one in record["findings"])
                rows.append((f"`{name}`", str(len(own)), str(found), seen))
        return f"{_machine(records)}\n\n{_table(BROKEN_HEAD, rows)}" if rows else ""

    def _findings(self) -> Iterable[str]:
        for record in self._read("trial"):
            for one in record["findings"]:
                yield (
                    f"seed {record['seed']}: {one['kind']}: {one['record']} {one['text']} "
                    f"(after: {record['name']})"
                )

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
    text = path.read_text(encoding="utf-8")
    text = _between(text, BEGIN, END, results.trials())
    text = _between(text, BROKEN_BEGIN, BROKEN_END, results.broken_builds())
    path.write_text(text, encoding="utf-8")


def _between(text: str, begin: str, end: str, part: str) -> str:
    if not part:
        return text
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{part}\n{end}{after}"


def _place(name: str) -> tuple[int, str]:
    """Give a deed's place in the table: the named steps first, as work goes through them."""
    order = ["nothing but bad weather", *(step.name for step in STEPS)]
    return (order.index(name) if name in order else len(order), name)


def _machine(records: Sequence[Record]) -> str:
    days = sorted({datetime.fromisoformat(record["at"]).date() for record in records})
    return (
        f"{', '.join(f'{day:%d %B %Y}' for day in days)}; {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, SQLite."
    )


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
