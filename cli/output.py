"""What commands write: tables for people, one JSON document for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Write one JSON document, for machines."
)
"""The option that every command with an answer has; it arrives as `as_json`."""


@cache
def console() -> Console:
    """Give the terminal; colours go away by themselves where it is none."""
    return Console(highlight=False, markup=False)


def say(text: str = "", style: str = "") -> None:
    """Write one line, whole: a path cut by the terminal's width cannot be copied.

    A terminal that was closed is no error: what stops the stack has to go on without it.
    """
    try:
        console().print(Text(text, style=style), soft_wrap=True)
    except OSError:
        return


def show_json(document: object) -> None:
    """Write one JSON document; dates and paths in it are written as text."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, default=str))


def show_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, styles: Sequence[str] = ()
) -> None:
    """Write a table; `styles`, when given, holds rich's style for each row."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for index, row in enumerate(rows):
        table.add_row(*map(str, row), style=styles[index] if styles else "")
    console().print(table)


def show_facts(facts: Sequence[tuple[str, str]]) -> None:
    """Write names and what they stand for, one pair to a line, each value whole."""
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        say(f"  {name:<{width}}  {value}")
