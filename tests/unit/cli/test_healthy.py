"""`igw healthy`: a worker by its canary, beat by anybody's."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from cli.main import igw
from core import liveness
from core.liveness import LATE_SECONDS

CANARIES = "igw:canaries"


@pytest.fixture
def healthy(redis_client):
    """Ask for the health of a process; its canaries came back so many seconds ago."""

    def ask(process: str, **ages: float) -> tuple[int, str]:
        seconds, _ = redis_client.time()
        for worker, age in ages.items():
            liveness.note(worker, "beat@here")
            redis_client.hset(CANARIES, worker, str(seconds - age))
        done = CliRunner().invoke(igw, ["healthy", process])
        return done.exit_code, done.output

    return ask


def test_a_worker_whose_canary_came_back_is_healthy(healthy):
    code, said = healthy("worker-ops", ops=40)

    assert code == 0
    assert "worker-ops does its work" in said


def test_a_worker_is_not_healthy_because_another_one_is(healthy):
    assert healthy("worker-pf_jira", ops=40) == (
        1,
        "worker-pf_jira does not do its work (no canary yet).\n",
    )


def test_a_worker_whose_canary_is_late_is_not_healthy(healthy):
    code, said = healthy("worker-ops", ops=LATE_SECONDS + 20)

    assert code == 1
    assert "does not do its work" in said


def test_beat_is_healthy_as_long_as_any_canary_comes_back(healthy):
    assert healthy("beat", ops=LATE_SECONDS + 20)[0] == 1
    assert healthy("beat", pf_jira=10)[0] == 0


def test_a_process_that_there_is_not_is_a_wrong_question(healthy):
    code, said = healthy("worker-nobody")

    assert code == 2
    assert "worker-ops" in said


def test_without_redis_nobody_is_healthy(settings_env):
    settings_env.setenv("IGW_REDIS_URL", "redis://127.0.0.1:1/0")

    done = CliRunner().invoke(igw, ["healthy", "worker-ops"])

    assert done.exit_code == 1
    assert "Redis does not answer" in done.output
