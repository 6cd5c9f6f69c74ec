"""The versions of a rule, the way back, and the audit of who changed what."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from core import audit, rule_history, rules
from core.database import reading, writing
from core.domain_settings import set_setting
from core.mapping import document
from core.mapping.errors import RuleDocumentError
from core.models import Rule, RuleVersion
from core.rule_history import NoSuchVersionError

DOCUMENT: dict[str, Any] = {
    "name": "Laptops to IT",
    "priority": 10,
    "project": "IT",
    "issue_type": "Task",
    "fields": [{"field": "summary", "sources": [{"path": "$.title"}]}],
    "examples": [
        {"name": "one", "record": {"title": "x", "a": 1}, "expect": {"summary": "x"}},
        {"name": "two", "record": {}, "expect": "refused"},
    ],
}


@pytest.fixture
def save(database):
    """Store a version of the rule, by an author."""

    def save(author="Olena", note="", **changes):
        with writing() as session:
            return rules.save(session, document.parse({**DOCUMENT, **changes}), author, note).id

    return save


def rule() -> Rule:
    with reading() as session:
        found = rules.find_rule(session, "Laptops to IT")
    assert found is not None
    return found


def history() -> list[tuple[int, str, str]]:
    row = rule()
    with reading() as session:
        return [(it.version, it.author, it.note) for it in rule_history.versions(session, row)]


def roll_back(to_version=None, author="Taras", why=""):
    with writing() as session:
        row = rules.find_rule(session, "Laptops to IT")
        assert row is not None
        rule_history.rollback(session, row, to_version, author, why)


def test_a_stored_rule_has_its_examples(save):
    save()

    assert rules.to_rule(rule()).examples == document.parse(DOCUMENT).examples
    assert rules.written(rule())["examples"] == DOCUMENT["examples"]


def test_a_version_without_examples_takes_them_away(save):
    save()
    save(examples=[])

    assert rules.to_rule(rule()).examples == ()


def test_each_change_is_a_version_with_its_author_newest_first(save):
    save()
    save("Taras", "IT asked for it", priority=20)

    assert history() == [(2, "Taras", "IT asked for it"), (1, "Olena", "")]


def test_a_rollback_brings_back_the_version_before_as_a_new_one(save):
    save()
    save(priority=20, examples=[], fields=[])
    before = rule()

    roll_back(why="it was wrong")

    assert rules.written(rule()) == document.without_id(document.dump(document.parse(DOCUMENT)))
    assert rule().state is before.state
    assert history() == [
        (3, "Taras", "back to version 1: it was wrong"),
        (2, "Olena", ""),
        (1, "Olena", ""),
    ]


def test_a_second_rollback_takes_the_first_one_back(save):
    save()
    save(priority=20)

    roll_back()
    roll_back()

    assert rule().priority == 20


def test_versions_that_changed_nothing_are_not_gone_back_to(save):
    save()
    save(priority=20)
    save(priority=20)

    roll_back()

    assert rule().priority == 10


def test_any_version_can_be_brought_back(save):
    save()
    save(priority=20)
    save(priority=30)

    roll_back(1)

    assert (rule().priority, rule().version) == (10, 4)


@pytest.mark.parametrize(
    ("versions", "to_version", "says"),
    [
        ([10], None, "nothing before it to go back to"),
        ([10, 10], None, "nothing before it to go back to"),
        ([10, 20], 2, "already is as it was in version 2"),
        ([10, 20], 9, "has no version 9; there are: 1, 2"),
    ],
)
def test_where_there_is_no_way_back_it_is_said_and_nothing_is_stored(
    save, versions, to_version, says
):
    for priority in versions:
        save(priority=priority)

    with pytest.raises(NoSuchVersionError, match=says):
        roll_back(to_version)

    assert rule().version == len(versions)


def test_a_version_that_cannot_be_read_any_more_is_not_brought_back(save):
    save()
    save(priority=20)
    with writing() as session:
        session.execute(
            update(RuleVersion).where(RuleVersion.version == 1).values(document={"name": "x"})
        )

    with pytest.raises(RuleDocumentError):
        roll_back()

    assert rule().priority == 20


def rows(**wanted):
    with reading() as session:
        found = audit.latest(session, **wanted)
    # The gateway itself made the first rule.
    return [(row.actor, row.action, row.subject) for row in found if row.actor != audit.GATEWAY]


def test_the_audit_tells_of_rules_and_settings_newest_first(save):
    save()
    save("Taras", priority=20)
    with writing() as session:
        set_setting(session, "pf_jira", "poll_interval_seconds", 30, "Taras")

    assert rows() == [
        ("Taras", "set", "setting pf_jira.poll_interval_seconds"),
        ("Taras", "changed", "rule Laptops to IT"),
        ("Olena", "created", "rule Laptops to IT"),
    ]
    assert rows(limit=1) == rows()[:1]


def test_the_audit_is_searched_by_any_part_of_a_subject_or_a_name(save):
    save()
    with writing() as session:
        set_setting(session, "pf_jira", "poll_paused", True, "Taras")

    assert rows(about="laptops") == [("Olena", "created", "rule Laptops to IT")]
    assert rows(about="TARAS") == [("Taras", "set", "setting pf_jira.poll_paused")]
    assert rows(about="poll%paused") == []


def test_the_audit_of_a_setting_has_what_it_was_before(database):
    for seconds in (30, 45):
        with writing() as session:
            set_setting(session, "pf_jira", "poll_interval_seconds", seconds, "Taras")

    with reading() as session:
        found = [(row.before, row.after) for row in audit.latest(session, limit=2)]
    assert found == [(30, 45), (60, 30)]
