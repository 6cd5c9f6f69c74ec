"""Each check of `igw doctor` can fail, and says what follows."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from cli.checks import check_broker, check_redis
from cli.live_checks import check_beat, check_breakers, judge_queues
from cli.machine_checks import MIB, check_clocks, check_disk, judge_clocks, judge_disk
from cli.outcomes import Outcome, Status
from cli.redis_checks import judge
from core import liveness
from core.breaker import THRESHOLD, Breaker
from core.domains import all_workers, load_domains
from core.redis_client import get_redis
from core.settings import ROOT, get_settings
from tests.conftest import wait_until

ASK_QUEUES = (
    "from cli.live_checks import check_queues; from core.domains import all_workers, load_domains; "
    "print(check_queues(load_domains()).found)"
)
KEEPS = {"maxmemory_policy": "noeviction", "aof_enabled": 1, "used_memory": 50}


@pytest.fixture
def evicting(redis_client):
    redis_client.config_set("maxmemory-policy", "allkeys-lru")
    yield redis_client
    redis_client.config_set("maxmemory-policy", "noeviction")


def test_a_redis_that_evicts_is_told_with_what_it_could_drop_now(evicting):
    evicting.lpush("igw:pf_jira", "one", "two")
    evicting.hset("igw:unacked", "tag", "three")

    outcome = check_redis(get_settings())

    assert outcome.status is Status.FAILED
    assert "maxmemory-policy allkeys-lru): 3 messages wait in it now" in outcome.found


def test_a_broker_of_its_own_is_looked_at_as_closely(evicting, settings_env, redis_server):
    settings_env.setenv("IGW_BROKER_URL", redis_server)
    get_settings.cache_clear()

    assert check_broker(get_settings()).status is Status.FAILED


def test_a_redis_without_a_file_is_told_with_what_a_restart_costs(redis_client):
    redis_client.lpush("igw:ops", "one")

    outcome = check_redis(get_settings())

    assert outcome.status is Status.WARNING
    assert "1 message waits in it now" in outcome.found
    assert "published again within 45 s" in outcome.found


@pytest.mark.parametrize(
    ("info", "consequence"),
    [
        ({"aof_last_write_status": "err"}, "cannot write its append-only file"),
        ({"rdb_last_bgsave_status": "err"}, "cannot write its snapshot"),
        ({"maxmemory": 55}, "has used 91% of its memory; at 100% it refuses all writes"),
    ],
)
def test_a_redis_that_will_refuse_writes_is_a_failure(info, consequence):
    assert judge("Redis", KEEPS, 0).status is Status.OK

    outcome = judge("Redis", {**KEEPS, **info}, 0)

    assert outcome.status is Status.FAILED
    assert consequence in outcome.found


def test_a_queue_that_nobody_reads_is_told_with_what_waits_in_it(redis_client):
    """A worker that answers and reads another queue is the mistake that a ping does not show."""
    command = ["celery", "-A", "tasks", "worker", "--queues", "ops", "--hostname", "pf_jira@test"]
    worker = subprocess.Popen(
        [sys.executable, "-m", *command, "--pool", "solo"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    redis_client.lpush("igw:pf_jira", *("message" for _ in range(7)))
    try:
        # In processes of their own: Celery keeps the broker that it was first told of.
        answering = "from cli import workers; print(workers.answering())"
        wait_until(lambda: "pf_jira" in python(answering), 60, what="the worker to answer")
        told = python(ASK_QUEUES)
    finally:
        worker.terminate()
        worker.wait(30)

    assert "pf_jira (7 messages wait), pf_jira.bulk (0 messages wait), pf_jira.commands (0" in told
    assert " ops (" not in told


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_queues_that_are_read_are_told_with_their_workers():
    outcome = judge_queues(["ops"], {"ops": {"ops@b", "ops@a"}}, {})

    assert outcome == Outcome(Status.OK, "read: ops by ops@a, ops@b")


def test_queues_cannot_be_asked_for_without_a_broker(settings_env):
    settings_env.setenv("IGW_REDIS_URL", "redis://127.0.0.1:1/0")

    assert "the broker does not answer" in python(ASK_QUEUES)


def canary(domain: str, seconds_ago: float, beat: str = "beat@a") -> None:
    liveness.note(domain, beat)
    get_redis().hset("igw:canaries", domain, f"{time.time() - seconds_ago:.3f}")


def test_beat_that_sends_nothing_is_a_failure(redis_client):
    for worker in all_workers(load_domains()):
        canary(worker.name, 600)

    outcome = check_beat()

    assert outcome.status is Status.FAILED
    assert "No scheduled work was done for 10 minutes" in outcome.found


def test_a_worker_whose_canaries_stay_away_is_a_failure(redis_client):
    canary("ops", 5)
    canary("pf_jira", 600)

    outcome = check_beat()

    assert outcome.status is Status.FAILED
    assert "The worker pf_jira does not do its work" in outcome.found


def test_beat_that_runs_twice_is_a_warning(redis_client):
    for beat in ("beat@a", "beat@b", "beat@a"):
        for domain in load_domains():
            liveness.note(domain.name, beat)

    outcome = check_beat()

    assert outcome.status is Status.WARNING
    assert "beat@a, beat@b send at the same time" in outcome.found


def test_beat_that_has_just_been_started_is_no_failure(redis_client):
    assert check_beat().status is Status.WARNING
    for worker in all_workers(load_domains()):
        canary(worker.name, 5)
    assert check_beat().status is Status.OK


def test_a_vendor_that_is_not_asked_is_told_with_what_waits(redis_client, database):
    assert check_breakers().status is Status.OK
    for _ in range(THRESHOLD):
        Breaker(get_redis(), "jira").failed()

    outcome = check_breakers()

    assert outcome.status is Status.WARNING
    assert "open: jira since " in outcome.found
    assert "0 tasks wait" in outcome.found


@pytest.mark.parametrize(
    ("left", "files", "status"),
    [
        (5000 * MIB, None, Status.OK),
        (5000 * MIB, 100_000, Status.OK),
        (500 * MIB, 100_000, Status.WARNING),
        (5000 * MIB, 5000, Status.WARNING),
        (50 * MIB, 100_000, Status.FAILED),
        (5000 * MIB, 20, Status.FAILED),
    ],
)
def test_a_disk_that_fills_up_is_told_before_webhooks_are_refused(left, files, status):
    outcome = judge_disk("/data", left, files)

    assert outcome.status is status
    assert bool(outcome.remedy) == (status is not Status.OK)
    assert ("webhooks are answered with an error" in outcome.found) == (status is Status.FAILED)


def test_the_room_of_a_folder_that_is_not_there_yet_is_that_of_its_disk(tmp_path):
    assert check_disk(tmp_path / "not" / "yet").found == check_disk(tmp_path).found


@pytest.mark.parametrize(
    ("ahead", "status", "told"),
    [
        (0, Status.OK, "agree to 0."),
        (4, Status.WARNING, "4 s ahead of"),
        (-4, Status.WARNING, "4 s behind"),
        (60, Status.FAILED, "60 s ahead of"),
        (-60, Status.FAILED, "two workers write to one issue"),
    ],
)
def test_a_clock_that_differs_is_told_with_what_follows(
    database_url, redis_client, ahead, status, told
):
    outcome = check_clocks(get_settings(), here=lambda: time.time() + ahead)

    assert outcome.status is status
    assert told in outcome.found
    assert ("the database" in outcome.found) <= database_url.startswith("postgresql")


def test_the_clock_of_the_database_counts_as_much_as_that_of_redis():
    outcome = judge_clocks({"Redis": 0.1, "the database": -3.0})

    assert outcome.found.startswith("this machine is 3 s behind the database")


def test_clocks_that_cannot_be_asked_are_no_agreement(settings_env):
    settings_env.setenv("IGW_REDIS_URL", "redis://127.0.0.1:1/0")
    get_settings.cache_clear()

    assert check_clocks(get_settings()).status is Status.WARNING
