"""What raises alerts, and what ends them."""

from __future__ import annotations

from datetime import timedelta

from core import reports
from core.clock import now
from core.database import writing
from tasks.pf_jira import alarms


def test_jira_refusing_our_credentials_is_one_alert_for_all_tasks_and_over_with_the_next_success(
    both,
):
    both.world.has_tasks(30)
    both.world.jira.fault("status", status=401, times=None)
    both.world.poll_and_work()

    alert = both.alert()
    assert both.causes() == ["credentials:jira"]
    assert alert.title == "Jira refuses the gateway's credentials"
    assert "IGW_JIRA_API_TOKEN" in alert.text
    assert alert.count == 1

    both.world.jira.control("DELETE", "faults")
    both.world.later()

    assert len(both.world.issues()) == 30
    assert both.alert().resolved_at is not None


def test_peopleforce_refusing_our_key_is_told_at_once_and_over_with_the_next_poll(both):
    both.world.peopleforce.fault("status", status=401, times=1)
    both.world.poll()
    assert both.causes() == ["credentials:peopleforce"]
    assert "IGW_PEOPLEFORCE_API_KEY" in both.alert("credentials:peopleforce").text

    both.world.poll()

    assert both.alert("credentials:peopleforce").resolved_at is not None


def test_polls_that_fail_are_told_of_after_ten_minutes_and_over_with_the_next_success(both):
    both.world.peopleforce.fault("status", status=503, times=None)
    both.world.poll()
    both.world.poll()
    assert both.causes() == []
    report = reports.last("pf_jira.poll") or {}
    since = now() - timedelta(minutes=11)
    reports.save("pf_jira.poll", {**report, "failing_since": since.isoformat()})

    both.world.poll()

    alert = both.alert("polls_failing:pf_jira")
    assert f"Every poll since {since:%Y-%m-%d %H:%M} UTC failed" in alert.text
    assert "status 503" in alert.text
    both.world.peopleforce.control("DELETE", "faults")
    both.world.poll()
    assert both.alert("polls_failing:pf_jira").resolved_at is not None
    assert "failing_since" not in (reports.last("pf_jira.poll") or {})


def test_what_jira_refuses_for_good_is_one_alert_with_its_records_and_no_words_of_jira(both):
    for task_id in both.world.has_tasks(12):
        both.world.edit(task_id, ends_on="2026-12-24")
    both.world.refuse_due_dates()
    both.world.poll_and_work()
    both.world.later(10)
    both.later(minutes=1)

    ids = [link.source_id for link in both.world.links()]
    [text] = both.slack.texts
    assert "*PeopleForce and Jira: work was given up*" in text
    assert "seen 12 times" in text
    assert f"About: {', '.join(ids[:10])} and 2 more." in text
    assert "that week" not in text


def test_a_second_issue_of_a_task_is_told_of_with_what_to_close(both):
    [task_id] = both.world.has_synced_tasks(1)
    link = both.world.link(task_id)
    with writing() as session:
        alarms.duplicates_found(session, link, link.issue_key, ["HR-77"])

    both.later(minutes=1)

    [text] = both.slack.texts
    assert f"About: HR-77 beside {link.issue_key} (task {task_id})." in text


def test_a_delivery_that_meets_refused_credentials_raises_the_same_alert(both):
    both.world.listen()
    [task_id] = both.world.has_synced_tasks(1)
    both.world.webhooks_arrive()
    both.world.peopleforce.fault("status", status=403, times=1, method="PUT")
    both.world.move_issue(task_id, "Done")
    both.world.webhooks_arrive()
    assert both.alert("credentials:peopleforce").count == 1

    both.world.later()

    assert both.world.task(task_id)["completed"]
    assert both.alert("credentials:peopleforce").resolved_at is not None
