"""The table of what was measured, for the terminal and for the documentation."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from tests.chaos.judge import Finding, Kind
from tests.chaos.trial import Outcome

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

HEAD = ("what dies", "runs", *(kind.value for kind in Kind), "dead letters", "median s", "max s")


@dataclass
class Row:
    """Everything that came of one deed."""

    name: str
    kills: int = 0
    changes: int = 0
    letters: int = 0
    seconds: list[float] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def cells(self) -> tuple[str, ...]:
        """Give the row of the table."""
        times = (
            (f"{median(self.seconds):.1f}", f"{max(self.seconds):.1f}")
            if self.seconds
            else ("-", "-")
        )
        counts = [sum(one.kind is kind for one in self.findings) for kind in Kind]
        return (self.name, str(self.kills), *map(str, counts), str(self.letters), *times)


class Table:
    """The rows, in the order of the names of all that can die."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self._order: list[str] = []

    def order(self, names: Sequence[str]) -> None:
        """Say in which order the rows are shown."""
        self._order = list(names)

    def add(self, outcome: Outcome) -> None:
        """Take in what came of one trial."""
        row = self.rows.setdefault(outcome.name, Row(outcome.name))
        row.kills += outcome.kills
        row.changes += outcome.changes
        row.letters += outcome.letters
        row.findings += outcome.findings
        if outcome.seconds is not None and outcome.kills:
            row.seconds.append(outcome.seconds)

    @property
    def changes(self) -> int:
        """Count the changes that people made in all trials."""
        return sum(row.changes for row in self.rows.values())

    def broken(self, *kinds: Kind) -> list[tuple[str, Finding]]:
        """Give what broke the promise, with the name of the deed."""
        return [
            (row.name, finding)
            for row in self.rows.values()
            for finding in row.findings
            if not kinds or finding.kind in kinds
        ]

    def markdown(self) -> str:
        """Give the table in the form of the documentation."""
        lines = [HEAD, ("---", *["---:"] * (len(HEAD) - 1)), *(r.cells() for r in self._sorted())]
        return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)

    def _sorted(self) -> Iterable[Row]:
        return sorted(self.rows.values(), key=lambda row: self._order.index(row.name))


def write(path: Path, table: Table, command: str, seeds: Sequence[int]) -> None:
    """Put what was measured into a page, between its two marks."""
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    measured = (
        f"{datetime.now(UTC):%d %B %Y}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} CPUs, Python {platform.python_version()}; seeds "
        f"{', '.join(map(str, seeds))}; {table.changes} changes; `{command}`"
    )
    page = f"{before}{BEGIN}\n{measured}\n\n{table.markdown()}\n{END}{after}"
    path.write_text(page, encoding="utf-8")
