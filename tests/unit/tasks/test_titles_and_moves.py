"""Titles that Jira would refuse, texts that no database takes, and issues that change their key."""

from __future__ import annotations

import pytest

from connectors.jira.events import IssueEvent
from connectors.jira.schema import SUMMARY_LENGTH, cut_to_units
from connectors.peopleforce.models import Task
from tasks.pf_jira.decisions import CheckStatus, Ignore, decide


@pytest.mark.parametrize("title", ["x" * 300, "\N{PARTY POPPER}" * 200, "x" + "\N{OWL}" * 127])
def test_a_line_is_as_long_as_jira_counts_it(title):
    line = cut_to_units(title, SUMMARY_LENGTH)

    assert SUMMARY_LENGTH - 1 <= len(line.encode("utf-16-le")) / 2 <= SUMMARY_LENGTH
    assert line.endswith("…")
    assert title.startswith(line[:-1])


def test_a_line_that_fits_is_not_cut():
    title = "\N{OWL}" * 127
    assert cut_to_units(title, SUMMARY_LENGTH) == title


@pytest.mark.parametrize("title", ["half a \ud83d pair", "a \x00 byte"])
def test_a_title_that_no_database_takes_becomes_one_that_it_takes(title):
    task = Task.from_payload({"id": 1, "title": title})

    assert "\ufffd" in task.title
    task.title.encode()
    assert "\x00" not in task.title


def moved(*fields: str) -> IssueEvent:
    return IssueEvent.from_payload(
        {
            "webhookEvent": "jira:issue_updated",
            "issue": {"id": "10001", "key": "IT-7"},
            "changelog": {"items": [{"field": field} for field in fields]},
        }
    )


def test_an_issue_that_moves_to_another_project_is_read_again_for_its_new_key():
    assert decide(moved("project", "Key"), linked=True) == CheckStatus()
    assert isinstance(decide(moved("summary"), linked=True), Ignore)
