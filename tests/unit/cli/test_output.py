from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from cli.output import say, show_facts, show_json, show_table


def test_a_line_is_never_cut(capsys):
    path = "/srv/" + "x" * 300
    say(f"log: {path}", "red")
    assert capsys.readouterr().out == f"log: {path}\n"


def test_what_looks_like_markup_is_written_as_it_is(capsys):
    show_table(("NAME",), [("[bold]not bold[/bold]",)])
    assert "[bold]not bold[/bold]" in capsys.readouterr().out


def test_facts_stand_in_one_column(capsys):
    show_facts([("Logs", "/logs"), ("Dashboard", "http://127.0.0.1:8080/")])
    assert capsys.readouterr().out == "  Logs       /logs\n  Dashboard  http://127.0.0.1:8080/\n"


def test_json_is_one_document_with_dates_and_paths_as_text(capsys):
    show_json({"at": datetime(2026, 1, 2, tzinfo=UTC), "file": Path("/x"), "name": "Ö"})
    text = capsys.readouterr().out
    assert json.loads(text) == {"at": "2026-01-02 00:00:00+00:00", "file": "/x", "name": "Ö"}
    assert "Ö" in text


def test_a_reader_that_went_away_ends_nothing():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from cli.output import say; say('x'); say('y'); import os; os._exit(7)",
        ],
        stdout=write,
        check=False,
    )
    os.close(write)
    assert done.returncode == 7
