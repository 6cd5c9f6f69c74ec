from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cli import preflight
from cli.preflight import PreflightError
from cli.stack import Places, Port
from core.settings import load_settings


@pytest.fixture
def places(tmp_path) -> Places:
    places = Places(tmp_path / "data")
    preflight.make_folders(places)
    return places


def fake_redis(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True)
    binary = folder / "redis-server"
    binary.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=00000000:0 malloc=libc'\n")
    binary.chmod(0o755)
    return binary


def test_the_folders_are_for_this_user_alone(places):
    for folder in places.folders:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_one_line_with_the_setting(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PreflightError, match=r"cannot be created.*set IGW_DATA_DIR"):
        preflight.make_folders(Places(tmp_path / "file" / "data"))


def test_a_free_port_is_no_obstacle():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    preflight.check_ports([Port("127.0.0.1", number, "IGW_FLOWER_PORT")])


def test_every_taken_port_is_named_with_its_setting_and_its_holder():
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        taken = [server.getsockname()[1] for server in (one, two)]
        with pytest.raises(PreflightError) as caught:
            preflight.check_ports(
                [Port("127.0.0.1", port, f"IGW_{index}_PORT") for index, port in enumerate(taken)]
            )
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    for index, (line, port) in enumerate(zip(lines, taken, strict=True)):
        assert line.startswith(f"IGW_{index}_PORT: port {port} is taken by ")
        assert f"(pid {os.getpid()})" in line
        assert line.endswith(f"Remedy: set IGW_{index}_PORT to a free port.")


def test_an_address_that_is_not_of_this_machine_is_named():
    with pytest.raises(PreflightError, match=r"IGW_GATEWAY_PORT: cannot listen on 192\.0\.2\.1"):
        preflight.check_ports([Port("192.0.2.1", 8080, "IGW_GATEWAY_PORT")])


def test_a_second_run_in_one_data_folder_is_refused_with_the_pid_of_the_first(places):
    with (
        preflight.lock(places, patience=0, on_wait=pytest.fail),
        pytest.raises(
            PreflightError, match=rf"runs already \(pid {os.getpid()}\).*kill {os.getpid()}"
        ),
    ):
        preflight.lock(places, patience=0, on_wait=pytest.fail)


def test_the_lock_is_free_again_once_its_file_is_closed(places):
    for _ in range(2):
        with preflight.lock(places, patience=0, on_wait=pytest.fail):
            assert places.lock.read_text() == f"{os.getpid()}\n"


KEEPER = """
import fcntl, sys
file = open(sys.argv[1])
fcntl.flock(file, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""


def test_a_stack_whose_owner_is_gone_is_waited_for(places):
    owner = subprocess.Popen([sys.executable, "-c", ""])
    owner.wait()
    places.lock.write_text(f"{owner.pid}\n")
    # As supervisord does: it keeps the lock of an owner that was killed until it has stopped all.
    keeper = subprocess.Popen(
        [sys.executable, "-c", KEEPER, places.lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert keeper.stdout is not None
    assert keeper.stdout.readline() == b"locked\n"
    waited = []

    def let_go() -> None:
        waited.append(True)
        keeper.communicate()

    with preflight.lock(places, patience=10, on_wait=let_go):
        assert waited == [True]


def test_a_newer_redis_of_the_machine_is_preferred_to_the_wheels(settings_env, tmp_path):
    binary = fake_redis(tmp_path / "bin", "7.2.4")
    settings_env.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{binary.parent}")
    assert preflight.find_redis(load_settings()) == binary


def test_a_redis_that_is_too_old_is_passed_over(settings_env, tmp_path):
    binary = fake_redis(tmp_path / "bin", "5.0.14")
    settings_env.setenv("PATH", str(binary.parent))
    found = preflight.find_redis(load_settings())
    assert found is not None
    assert found != binary
    assert preflight.redis_version(found) >= preflight.OLDEST_REDIS


def test_a_redis_elsewhere_needs_no_binary(settings_env):
    settings_env.setenv("IGW_REDIS_URL", "redis://127.0.0.1:1/0")
    assert preflight.find_redis(load_settings()) is None


def test_a_redis_elsewhere_that_does_not_answer_is_one_line(settings_env):
    settings_env.setenv("IGW_REDIS_URL", "redis://127.0.0.1:1/0")
    with pytest.raises(PreflightError, match="IGW_REDIS_URL: does not answer"):
        preflight.check_broker(load_settings())


def test_data_of_a_newer_redis_is_never_passed_over_in_silence(settings_env, tmp_path):
    settings = load_settings()
    binary = fake_redis(tmp_path / "bin", "6.2.14")
    settings_env.setenv("PATH", str(binary.parent))
    (Places(settings.data_dir).redis / "appendonlydir").mkdir(parents=True)

    with pytest.raises(PreflightError, match=r"Redis 7 or newer, which Redis 6\.2\.14"):
        preflight.find_redis(settings)
