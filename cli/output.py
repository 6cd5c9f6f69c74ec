"""What commands write: tables for people, one JSON document for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Write one JSON document, for machines."
)
"""The option that every command with an answer has; it arrives as `as_json`."""


def say(text: str = "", style: str = "") -> None:
    """Write one line, whole: a path cut at the terminal's width cannot be copied.

    `style` is a colour or `bold`. A terminal that was closed is no error: what stops the stack has
    to go on without it.
    """
    bold = style == "bold"
    try:
        click.secho(text, fg=None if bold else style or None, bold=bold or None)
    except OSError:
        return


def show_json(document: object) -> None:
    """Write one JSON document; dates and paths in it are written as text."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, default=str))


def show_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, styles: Sequence[str] = ()
) -> None:
    """Write a table; `styles`, when given, holds rich's style for each row."""
    # `igw up` writes no table and stays in memory for days; it is spared the library.
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for index, row in enumerate(rows):
        table.add_row(*(Text(str(cell)) for cell in row), style=styles[index] if styles else "")
    Console(highlight=False).print(table)


def show_facts(facts: Sequence[tuple[str, str]]) -> None:
    """Write names and what they stand for, one pair to a line, each value whole."""
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        say(f"  {name:<{width}}  {value}")
