"""The nightly sweep: what Jira never told is found, and nothing is believed that is not so."""

from __future__ import annotations


def test_the_sweep_finds_an_issue_whose_webhook_was_lost(world, linked):
    world.jira.control("PUT", "webhooks", {"drop_next": 1})
    world.move_issue(linked, "Done")
    world.webhooks_arrive()
    assert not world.task(linked)["completed"]

    world.sweep()

    assert world.task(linked)["completed"]
    assert world.link(linked).completed
    assert world.story(linked) == ["created", "task_completed"]


def test_a_sweep_with_nothing_to_find_is_one_search(world, linked):
    world.forget_calls()

    world.sweep()

    assert sum(world.jira.calls().values()) == 1
    assert world.peopleforce.calls() == {}


def test_a_sweep_believes_the_issue_and_not_the_lagging_search(world, linked):
    world.move_issue(linked, "Done")
    world.webhooks_arrive()
    world.pass_time(60)
    world.site.settings.index_lag_seconds = 30
    world.move_issue(linked, "To Do")
    world.webhooks_arrive()

    world.sweep()

    assert not world.task(linked)["completed"]
    assert world.story(linked)[-1] == "task_reopened"
