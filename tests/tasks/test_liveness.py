"""Canaries come back, and what stands still is told of once, without help from beat."""

from __future__ import annotations

from core import liveness
from core.alerts import latest
from core.database import reading
from core.liveness import LATE_SECONDS
from tasks import app
from tasks.liveness import watch

HOUR = 3600.0


def open_alerts() -> dict[str, str]:
    with reading() as session:
        return {it.cause: it.text for it in latest(session) if it.resolved_at is None}


def come_back(*domains: str) -> None:
    for domain in domains:
        app.tasks[f"{domain}.canary"].apply(throw=True)


def grow_old(world, *domains: str) -> None:
    for domain in domains:
        noted = float(world.redis.hget("igw:canaries", domain))
        world.redis.hset("igw:canaries", domain, noted - LATE_SECONDS - 60)


def test_every_domain_has_a_canary_that_beat_sends(world):
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert {f"{name}.canary" for name in liveness.ages()} <= scheduled

    come_back("pf_jira", "ops")

    assert all(age is not None and age < 5 for age in liveness.ages().values())


def test_a_worker_that_stands_still_is_told_of_once_and_so_is_its_return(world):
    come_back("pf_jira", "ops")
    grow_old(world, "pf_jira")

    watch(HOUR)
    watch(HOUR)

    assert open_alerts().keys() == {"canaries:pf_jira"}
    with reading() as session:
        assert [alert.count for alert in latest(session)] == [1]

    come_back("pf_jira")
    watch(HOUR)
    assert open_alerts() == {}


def test_a_dead_beat_is_told_of_although_nothing_is_scheduled(world):
    come_back("pf_jira", "ops")
    grow_old(world, "pf_jira", "ops")

    watch(HOUR)

    assert "Beat hangs or is not running" in open_alerts()["canaries:all"]
    # The delivery does not wait for beat either.
    assert world.redis.llen("igw:ops") == 1


def test_a_watch_that_finds_nothing_writes_nothing(world):
    come_back("pf_jira", "ops")
    before = world.everything_written()

    watch(HOUR)

    assert world.everything_written() == before
    assert world.redis.llen("igw:ops") == 0
