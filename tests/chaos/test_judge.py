"""The judge finds every way in which the promise can be broken, and accepts what keeps it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos.actor import Expected, Gone
from tests.chaos.judge import Kind, SeenIssue, SeenLink, SeenTask, World, judge

OPEN = Expected("Order a laptop", completed=False, issue_key="HR-1")
DONE = replace(OPEN, completed=True)
TASK = SeenTask("Order a laptop", completed=False)
ISSUE = SeenIssue("HR-1", "Order a laptop", done=False)
LINK = SeenLink("synced", completed=False, waiting=False)


def world(task=TASK, issues=(ISSUE,), link=LINK, **more) -> World:
    return World(
        tasks={"7": task} if task else {},
        issues={"7": issues} if issues else {},
        links={"7": link} if link else {},
        **more,
    )


def kinds(expected, seen) -> list[Kind]:
    return [finding.kind for finding in judge({"7": expected}, seen)]


TOO_MANY = (ISSUE, replace(ISSUE, key="HR-2"))


@pytest.mark.parametrize(
    ("expected", "seen", "kind"),
    [
        (OPEN, world(issues=()), Kind.LOST),
        (OPEN, world(issues=(), link=None), Kind.LOST),
        (OPEN, world(issues=TOO_MANY), Kind.DOUBLED),
        (OPEN, world(issues=TOO_MANY, letters={"7"}), Kind.DOUBLED),
        (OPEN, world(issues=(replace(ISSUE, moved_by_us=1),)), Kind.DOUBLED),
        (OPEN, world(issues=(replace(ISSUE, done=True),)), Kind.LOST),
        (OPEN, world(task=replace(TASK, completed=True)), Kind.WRONG),
        (replace(DONE, side="Jira"), world(issues=(replace(ISSUE, done=True),)), Kind.LOST),
        (OPEN, world(issues=(replace(ISSUE, summary="Order a lap"),)), Kind.LOST),
        (OPEN, world(link=replace(LINK, waiting=True)), Kind.STUCK),
        (OPEN, world(waiting_deliveries=[3]), Kind.STUCK),
        (OPEN, world(forgotten_deliveries=[3]), Kind.LOST),
        (OPEN, world(never_stored={"4b7d"}), Kind.LOST),
        (OPEN, world(task=None), Kind.WRONG),
        (DONE, world(), Kind.LOST),
        (DONE, world(issues=(), task=replace(TASK, completed=True)), Kind.LOST),
        (replace(OPEN, gone=Gone.PEOPLEFORCE), world(task=None), Kind.LOST),
        (replace(OPEN, gone=Gone.JIRA), world(issues=()), Kind.LOST),
        (replace(OPEN, gone=Gone.JIRA), world(issues=(), never_accepted={"HR-1"}), Kind.LOST),
    ],
)
def test_a_broken_promise_is_found(expected, seen, kind):
    assert kinds(expected, seen) == [kind]


@pytest.mark.parametrize(
    ("expected", "seen"),
    [
        (OPEN, world()),
        (replace(OPEN, changes=1), world(issues=(replace(ISSUE, moved_by_us=1),))),
        (OPEN, world(issues=(), letters={"7"})),
        (OPEN, world(issues=(replace(ISSUE, done=True),), letters={"HR-1"})),
        (DONE, world(replace(TASK, completed=True), (), replace(LINK, state="dropped"))),
        (DONE, world(replace(TASK, completed=True), (), None)),
        (
            replace(OPEN, gone=Gone.PEOPLEFORCE),
            world(task=None, link=replace(LINK, state="vanished")),
        ),
        (
            replace(OPEN, gone=Gone.JIRA),
            world(issues=(), link=replace(LINK, state="issue_deleted")),
        ),
        (
            replace(DONE, gone=Gone.JIRA),
            world(issues=(), link=replace(LINK, completed=True), never_accepted={"HR-1"}),
        ),
    ],
)
def test_one_effect_or_one_dead_letter_keeps_the_promise(expected, seen):
    assert kinds(expected, seen) == []
