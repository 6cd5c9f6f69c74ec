"""Canaries come back, and what stands still is told of once, without help from beat."""

from __future__ import annotations

from core import liveness
from core.alerts import latest
from core.database import reading
from core.domains import all_workers, load_domains
from core.liveness import LATE_SECONDS
from tasks import app
from tasks.liveness import watch

HOUR = 3600.0


def open_alerts() -> dict[str, str]:
    with reading() as session:
        return {it.cause: it.text for it in latest(session) if it.resolved_at is None}


ALL = [worker.name for worker in all_workers(load_domains())]


def come_back(*workers: str) -> None:
    for entry in app.conf.beat_schedule.values():
        if entry.get("args", ())[:1] in [(worker,) for worker in workers]:
            app.tasks[entry["task"]].apply(args=entry["args"], throw=True)


def grow_old(world, *workers: str) -> None:
    for worker in workers:
        noted = float(world.redis.hget("igw:canaries", worker))
        world.redis.hset("igw:canaries", worker, noted - LATE_SECONDS - 60)


def test_every_worker_has_a_canary_that_beat_sends_to_its_queue(world):
    queues = {worker.name: worker.queue for worker in all_workers(load_domains())}
    sent = {
        entry["args"][0]: entry["options"]["queue"]
        for entry in app.conf.beat_schedule.values()
        if entry["task"].endswith(".canary")
    }
    assert sent == queues
    assert liveness.ages().keys() == queues.keys()

    come_back(*ALL)

    assert all(age is not None and age < 5 for age in liveness.ages().values())


def test_a_worker_that_stands_still_is_told_of_once_and_so_is_its_return(world):
    come_back(*ALL)
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
    come_back(*ALL)
    grow_old(world, *ALL)

    watch(HOUR)

    assert "Beat hangs or is not running" in open_alerts()["canaries:all"]
    # The delivery does not wait for beat either.
    assert world.redis.llen("igw:ops") == 1


def test_a_watch_that_finds_nothing_writes_nothing(world):
    come_back(*ALL)
    before = world.everything_written()

    watch(HOUR)

    assert world.everything_written() == before
    assert world.redis.llen("igw:ops") == 0
