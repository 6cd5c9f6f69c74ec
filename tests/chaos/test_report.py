"""The report: tables that say what was measured, and what was not."""

from __future__ import annotations

import pytest

from tests.chaos.judge import Finding, Kind
from tests.chaos.report import BEGIN, END, Results, write
from tests.chaos.traps import INTACT, Discovery
from tests.chaos.trial import Outcome

LOST = Finding(Kind.LOST, "7", "has no issue")
DOUBLED = Finding(Kind.DOUBLED, "8", "has A-1, A-2", final=True)


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path / "results.jsonl")


def outcome(name="beat", kills=2, findings=(), seconds=5.0):
    return Outcome(name, kills, list(findings), letters=0, seconds=seconds, changes=1000)


def row(results, name):
    """Give the cells of a row after its name."""
    (line,) = [line for line in results.text().splitlines() if line.startswith(f"| {name}")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_a_row_counts_the_runs_of_all_seeds_and_how_often_something_died(results):
    for seed, seconds in ((1, 5.0), (2, 7.0), (3, 30.0)):
        results.add(seed, outcome(seconds=seconds))

    assert row(results, "beat") == ["3", "6", "0", "0", "0", "0", "0", "7.0", "30.0"]
    assert "with the seeds 1-3:" in results.text()
    assert "People made 3,000 changes" in results.text()
    assert not results.bad


def test_a_broken_promise_is_counted_named_and_no_success(results):
    results.add(1, outcome(findings=[LOST, DOUBLED], seconds=None))

    assert row(results, "beat") == ["1", "2", "1", "1", "0", "0", "0", "-", "-"]
    assert results.findings()[0] == "seed 1: lost: 7 has no issue (after: beat)"
    assert results.bad


def test_of_a_run_that_was_made_again_the_last_counts(results):
    results.add(1, outcome(findings=[LOST]))
    results.add(1, outcome())

    assert row(results, "beat")[:3] == ["1", "2", "0"]


def test_seconds_of_runs_in_which_nothing_died_say_nothing(results):
    results.add(1, outcome(kills=0, seconds=1.0))

    assert row(results, "beat")[-2:] == ["-", "-"]


def test_what_was_not_tried_is_named(results):
    results.add(1, outcome())

    assert "Not tried in this measurement: nothing but bad weather; gateway: " in results.text()
    assert "clock: set an hour forward" in results.text()


@pytest.mark.parametrize(
    ("name", "findings", "bad"),
    [
        ("no_relay", [LOST], False),
        ("no_relay", [], True),
        (INTACT, [], False),
        (INTACT, [LOST], True),
    ],
)
def test_a_broken_build_has_to_be_found_out_and_the_intact_one_not(results, name, findings, bad):
    results.add(1, Discovery(name, findings, seconds=9.0, changes=50))

    assert results.bad == bad


def test_the_page_keeps_what_stands_around_the_measured_part(results, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    results.add(1, outcome())

    write(page, results)
    write(page, results)

    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\nMeasured on ")
    assert text.count("| beat |") == 1
    assert "old" not in text
    assert text.endswith(f"\n{END}\nafter\n")
