"""`igw up` as its users meet it: started, looked at, stopped, killed."""

from __future__ import annotations

import json
import signal
import socket
import stat

import psutil
import pytest
import redis
import requests

pytestmark = pytest.mark.e2e

STAGES = ["beat", "gateway", "flower", "worker-", "sandbox-", "redis"]


def test_one_command_runs_everything_and_says_where_it_is(stack):
    for line in (
        f"Dashboard  {stack.url('gateway')}/",
        f"Flower     {stack.url('gateway')}/flower/",
        f"Sandbox    {stack.url('sandbox_peopleforce')}/",
        f"Data       {stack.data_dir}",
        f"Logs       {stack.data_dir / 'logs'}",
        "Stop       Ctrl-C",
    ):
        assert line in stack.output
    for name in ("gateway", "sandbox_peopleforce"):
        assert requests.get(f"{stack.url(name)}/", timeout=5).status_code == 200
    # Flower alone answers nobody who did not come through the log-in.
    assert requests.get(f"{stack.url('flower')}/flower/", timeout=5).status_code == 401
    assert requests.get(f"{stack.url('gateway')}/readyz", timeout=5).status_code == 200


def test_the_doctor_finds_nothing_wrong_with_a_running_stack(stack):
    done = stack.igw("doctor", "--json")
    answer = json.loads(done.stdout)
    assert [row for row in answer["checks"] if row["status"] != "ok"] == []
    assert (done.returncode, answer["status"]) == (0, "ok")


def test_redis_is_the_stacks_own_and_keeps_what_it_is_given(stack):
    with redis.Redis.from_url(stack.redis_url, decode_responses=True) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("bind") == {"bind": "127.0.0.1"}
        assert client.config_get("dir") == {"dir": str(stack.places.redis)}


def test_nobody_else_can_read_the_data(stack):
    assert stat.S_IMODE(stack.data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(stack.places.supervisor_config.stat().st_mode) == 0o600
    readable = [f for f in stack.data_dir.rglob("*") if f.is_file() and f.stat().st_mode & 0o077]
    assert readable == []


def test_supervisors_file_and_the_command_lines_hold_no_secret(stack):
    lines = [" ".join(process.cmdline()) for process in stack.processes()]
    text = stack.places.supervisor_config.read_text() + "\n".join(lines)
    for secret in ("sandbox-key", "sandbox-token", "sandbox-webhook-secret"):
        assert secret not in text


def test_a_process_that_dies_is_started_again_and_the_terminal_says_so(stack):
    (before, *_) = stack.pids("beat")
    stack.kill("beat")
    stack.await_output("beat ended and was started again", 20)
    assert stack.pids("beat")[0] != before


def test_a_second_start_is_refused_with_the_pid_and_the_remedy(stack):
    done = stack.igw("up")
    assert done.returncode == 1
    assert f"`igw up` runs already (pid {stack.up.pid})" in done.stdout
    assert f"`kill {stack.up.pid}`" in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_a_taken_port_is_one_line_with_the_setting_and_the_holder(make_stack):
    stack = make_stack()
    with socket.create_server(("127.0.0.1", stack.ports["flower"])):
        done = stack.igw("up")
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert f"IGW_FLOWER_PORT: port {stack.ports['flower']} is taken by " in line
    assert line.endswith("Remedy: set IGW_FLOWER_PORT to a free port.")
    assert stack.processes() == []


def test_a_process_that_does_not_start_is_named_with_its_last_lines_and_stops_the_rest(make_stack):
    stack = make_stack()
    stack.data_dir.mkdir(mode=0o700)
    stack.places.redis.mkdir()
    (stack.places.redis / "appendonly.aof").write_bytes(b"REDIS0099 of a Redis to come")

    stack.launch()

    assert stack.up.wait(60) == 1
    assert "redis did not start. Its last lines in" in stack.output
    assert "Can't handle RDB format version 99" in stack.output
    assert stack.processes() == []


def test_ctrl_c_stops_everything_in_order_and_the_next_start_continues(make_stack):
    stack = make_stack().start()
    with redis.Redis.from_url(stack.redis_url) as client:
        client.set("left-behind", "before the stop")

    assert stack.stop(signal.SIGINT) == 0

    assert stack.processes() == []
    assert "Ended " not in stack.output  # Nobody had to be killed.
    stopped = [
        line.split("stopped: ")[1].split()[0]
        for line in stack.log("supervisord").splitlines()
        if "stopped: " in line
    ]
    assert [stage for stage in STAGES if any(n.startswith(stage) for n in stopped)] == STAGES
    ranks = [next(i for i, stage in enumerate(STAGES) if n.startswith(stage)) for n in stopped]
    assert ranks == sorted(ranks)

    stack.start()
    with redis.Redis.from_url(stack.redis_url) as client:
        assert client.get("left-behind") == b"before the stop"
    assert stack.stop(signal.SIGTERM) == 0
    assert stack.processes() == []


def test_a_killed_run_stops_in_order_the_next_waits_and_tells_who_is_slow_to_stop(make_stack):
    stack = make_stack().start()
    supervisord = psutil.Process(stack.up.pid).children()[0]

    stack.up.kill()
    stack.up.wait(5)
    stack.launch()

    stack.await_output("Waiting for an earlier run", 10)
    stack.await_output("Everything answers", 90)
    assert not supervisord.is_running()
    assert "stopped: redis (exit status 0)" in stack.log("supervisord")

    (worker, *_) = stack.pids("worker-pf_jira")
    psutil.Process(worker).suspend()  # It cannot react to anything until it is resumed.
    stack.up.send_signal(signal.SIGINT)
    stack.await_output("Stopping ...", 5)
    stack.up.send_signal(signal.SIGINT)
    stack.await_output("Still stopping: ", 5)
    line = next(line for line in stack.output.splitlines() if line.startswith("Still stopping"))
    assert "worker-pf_jira" in line

    psutil.Process(worker).resume()
    assert stack.up.wait(60) == 0
    assert stack.processes() == []


def test_however_supervisord_is_killed_nothing_lives_on(make_stack):
    stack = make_stack().start()
    supervisord = psutil.Process(stack.up.pid).children()[0]
    supervisord.suspend()  # So that it cannot stop anything before it is killed itself.
    stack.up.kill()
    stack.up.wait(5)
    supervisord.kill()
    left = stack.processes()
    assert left

    stack.start()

    assert "processes of an earlier run that was killed" in stack.output
    assert [process for process in left if process.is_running()] == []

    psutil.Process(stack.up.pid).children()[0].kill()

    assert stack.up.wait(60) == 1
    assert "supervisord itself ended" in stack.output
    assert stack.processes() == []
