"""What a measurement found, as a table for the terminal and for the documentation."""

from __future__ import annotations

import os
import platform
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Spread:
    """The middle of several runs, with the least and the most of them."""

    values: Sequence[float]
    digits: int = 0

    @property
    def middle(self) -> float:
        """The median."""
        return statistics.median(self.values)

    def __str__(self) -> str:
        """Give `1,234 (1,100 to 1,300)`."""
        least, most = min(self.values), max(self.values)
        return (
            f"{self.middle:,.{self.digits}f} ({least:,.{self.digits}f} to {most:,.{self.digits}f})"
        )


@dataclass(frozen=True)
class Table:
    """One table: what was measured and how in `said`, and its rows in the order of `columns`."""

    said: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    remarks: Sequence[str] = ()

    def text(self) -> str:
        """Give it for a terminal."""
        cells = [list(self.columns), *([str(cell) for cell in row] for row in self.rows)]
        widths = [max(len(row[place]) for row in cells) for place in range(len(self.columns))]
        lines = [
            "  ".join(
                cell.ljust(width) if place == 0 else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in cells
        ]
        return "\n".join([self.said, "", *lines, *([""] if self.remarks else []), *self.remarks])

    def markdown(self) -> str:
        """Give it for the documentation."""
        lines = [
            " | ".join(("", *map(str, row), "")).strip()
            for row in (self.columns, ["---"] * len(self.columns), *self.rows)
        ]
        remarks = [f"- {remark}" for remark in self.remarks]
        return "\n".join([self.said, "", *lines, *([""] if remarks else []), *remarks])


def machine() -> str:
    """Describe what was measured on, in one line."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"Python {platform.python_version()}"
    )


def write_section(path: Path, name: str, table: Table) -> None:
    """Put a table into a document, in place of what it says under that name."""
    measured = f"`python -m bench {name}`, {datetime.now(UTC):%Y-%m-%d}, {machine()}."
    section = f"## {name}\n\n{table.markdown()}\n\n{measured}\n"
    document = path.read_text(encoding="utf-8")
    found = re.compile(rf"^## {re.escape(name)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if found.search(document):
        document = found.sub(lambda _: section + "\n", document)
    else:
        document = f"{document.rstrip()}\n\n{section}"
    path.write_text(document.rstrip() + "\n", encoding="utf-8")
