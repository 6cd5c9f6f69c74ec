"""Counting in files: many processes, one sum, and nothing that grows."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from core.metrics import files
from core.settings import ROOT, get_settings

SERVICE = """
import os, sys, time
from core.metrics import counters, files
from core.settings import get_settings

def child(place, count):
    pid = os.fork()
    if pid == 0:
        files.take_place(place)
        for _ in range(count):
            counters.count_request("/x", "GET", 200, 0.2)
            counters.count_task("a.task", "succeeded", 0.5)
        os._exit(0)
    os.waitpid(pid, 0)

files.count_in_files(get_settings(), sys.argv[1])
for place, count in (pair.split(":") for pair in sys.argv[2:]):
    child(place, int(count))
print("counted", flush=True)
time.sleep(60)
"""


@pytest.fixture
def service(settings_env):
    """Start services that count, and end those that still run."""
    started = []

    def start(name: str, *counts: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVICE, name, *counts],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "counted\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def totals(name: str = "igw_http_requests_total") -> dict[str, float]:
    return {
        sample.labels["service"]: sample.value
        for metric in files.counted(get_settings())
        for sample in metric.samples
        if sample.name == name
    }


def test_processes_of_one_service_are_one_sum_and_services_stay_apart(service):
    service("gateway", "0:3", "1:4")
    service("worker-ops", "0:5")

    assert totals() == {"gateway": 7, "worker-ops": 5}


def test_a_child_that_takes_over_a_place_goes_on_with_its_numbers_and_needs_no_more_files(service):
    service("gateway", *["0:2"] * 10)

    folder = get_settings().data_dir / "metrics" / "gateway"
    assert totals() == {"gateway": 20}
    assert len(list(folder.glob("*.db"))) == 4, "counters and histograms of the parent and a place"


def test_a_service_begins_anew_when_it_is_started_again(service):
    first = service("gateway", "0:9")
    first.send_signal(signal.SIGKILL)
    first.wait()

    service("gateway", "0:1")

    assert totals() == {"gateway": 1}


def test_a_service_that_ended_is_not_told_of_any_more(service):
    service("worker-ops", "0:1")
    gone = service("worker-pf_jira", "0:1")
    gone.kill()
    gone.wait()

    assert totals() == {"worker-ops": 1}


def test_two_services_of_one_name_do_not_write_over_each_other(service):
    service("worker-ops", "0:1")
    service("worker-ops", "0:2")

    assert totals() == {"worker-ops": 1, "worker-ops-2": 2}


def test_histograms_of_processes_add_up(service):
    service("gateway", "0:3", "1:4")

    assert totals("igw_http_request_duration_seconds_count") == {"gateway": 7}
    assert totals("igw_http_request_duration_seconds_sum")["gateway"] == pytest.approx(1.4)


def test_the_room_for_counting_is_taken_from_the_disk_at_once(service):
    service("gateway", "0:1")

    folder = get_settings().data_dir / "metrics" / "gateway"
    for file in folder.glob("*.db"):
        found = file.stat()
        assert found.st_blocks * 512 >= found.st_size, (
            "a write to a hole of a mapped file kills the process when the disk is full"
        )


def test_a_service_works_uncounted_where_the_files_cannot_be_made(service, settings_env, tmp_path):
    (tmp_path / "data").write_text("not a folder")

    process = service("gateway", "0:3")

    assert process.poll() is None


@pytest.mark.parametrize(
    ("taken", "expected"),
    [([], "0"), (["0"], "1"), (["1"], "0"), (["0", "2"], "1"), (["0", "1", "2"], "3")],
)
def test_a_new_process_takes_the_first_place_that_is_free(taken, expected):
    assert files.free_place(taken) == expected
