"""What people do in PeopleForce itself, done through the control API; and the page."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest
import requests

from sandbox.common.documents import Documents
from sandbox.common.server import running
from sandbox.peopleforce.app import create_app


def test_a_person_edits_everything_the_public_api_cannot(vendor):
    task_id = vendor.data("/tasks")[0]["id"]

    vendor.control(
        "PATCH",
        f"/tasks/{task_id}",
        {
            "title": "Two laptops",
            "description": "<p>both <b>new</b></p>",
            "starts_on": "2030-01-01",
            "ends_on": "2030-02-01",
            "assigned_to": 1158,
            "associated_to": {"type": "Employee", "id": 1315},
        },
    ).raise_for_status()

    task = vendor.data("/tasks")[0]
    assert task["title"] == "Two laptops"
    assert task["description_plain"] == "both new"
    assert (task["starts_on"], task["ends_on"]) == ("2030-01-01", "2030-02-01")
    assert task["assigned_to"]["email"] == "lukas.brandt@acme.example"
    assert task["associated_to"]["type"] == "Employee"
    assert task["associated_to"]["full_name"] == "Zoriana Klymenko"


def test_an_edit_leaves_alone_what_it_does_not_name(vendor):
    before = vendor.data("/tasks")[0]

    vendor.control("PATCH", f"/tasks/{before['id']}", {"assigned_to": None})

    after = vendor.data("/tasks")[0]
    assert "assigned_to" not in after
    for name in ("title", "description", "starts_on", "ends_on"):
        assert after[name] == before[name]


def test_a_person_creates_a_task_about_a_candidate_for_nobody(vendor):
    about = {
        "type": "Candidate",
        "id": 5,
        "full_name": "Ada Example",
        "email": "ada@mail.example",
    }
    created = vendor.control("POST", "/tasks", {"title": "Call Ada", "associated_to": about})

    task = vendor.data("/tasks")[0]
    assert created.status_code == 201
    assert task["id"] == created.json()["id"]
    assert task["associated_to"] == about
    assert "assigned_to" not in task


def test_a_person_completes_and_reopens(vendor):
    task_id = vendor.data("/tasks")[0]["id"]

    vendor.control("POST", f"/tasks/{task_id}/complete")
    assert vendor.data("/tasks?completed=true")[0]["id"] == task_id
    vendor.control("POST", f"/tasks/{task_id}/incomplete")
    assert vendor.data("/tasks")[0]["id"] == task_id


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/tasks", {}, 400),
        ("POST", "/tasks", {"title": "  "}, 400),
        ("POST", "/tasks", "text", 400),
        ("POST", "/tasks", {"title": "x", "assigned_to": 1}, 400),
        ("POST", "/tasks", {"title": "x", "ends_on": "soon"}, 400),
        ("PATCH", "/tasks/1", {"title": "x"}, 404),
        ("DELETE", "/tasks/1", None, 404),
        ("POST", "/tasks/1/complete", None, 404),
        ("POST", "/tasks/bulk", {"count": 0}, 400),
        ("POST", "/tasks/bulk", {"count": 20_001}, 400),
        ("GET", "/nowhere", None, 404),
    ],
)
def test_a_slip_is_answered_with_its_reason(vendor, method, path, body, status):
    answer = vendor.control(method, path, body)

    assert answer.status_code == status
    assert answer.json()["error"]


def test_many_tasks_can_be_created_at_once(vendor):
    answer = vendor.control("POST", "/tasks/bulk", {"count": 120}).json()

    assert answer["created"] == 120
    assert vendor.get("/tasks").json()["metadata"]["pagination"]["count"] == 270
    assert vendor.data("/tasks")[0]["id"] == answer["last_id"]


def test_the_control_list_shows_open_and_completed_and_can_be_narrowed(vendor):
    def read(query):
        return vendor.control("GET", f"/tasks{query}").json()

    assert read("")["count"] == 210
    assert {task["completed"] for task in read("?completed=true")["tasks"]} == {True}
    assert read("?completed=false")["count"] == 150
    assert len(read("?limit=7")["tasks"]) == 7


def test_reset_brings_back_the_first_day(vendor):
    vendor.switch(put_answer="empty")
    vendor.control("POST", "/faults", {"kind": "html"})
    vendor.control("POST", "/tasks/bulk", {"count": 3})

    assert vendor.control("POST", "/reset").status_code == 204

    assert vendor.control("GET", "/switches").json()["put_answer"] == "data"
    assert vendor.control("GET", "/calls").json()["total"] == 0
    assert vendor.get("/tasks").json()["metadata"]["pagination"]["count"] == 150


def test_a_completion_whose_answer_is_lost_has_happened(vendor):
    task_id = vendor.data("/tasks")[0]["id"]
    vendor.control(
        "POST",
        "/faults",
        {"kind": "drop_after_write", "method": "PUT", "path": "*/complete", "times": 1},
    )

    with pytest.raises(requests.ConnectionError):
        vendor.call("PUT", f"/tasks/{task_id}/complete")

    assert vendor.data("/tasks?completed=true")[0]["id"] == task_id


def test_an_outage_hides_a_wrong_key(vendor):
    vendor.control("POST", "/faults", {"kind": "status", "status": 502})

    assert requests.get(f"{vendor.url}/api/public/v3/tasks", timeout=5).status_code == 502


def test_an_idle_poll_costs_three_calls(vendor):
    vendor.everything("/tasks")

    assert vendor.control("GET", "/calls").json() == {
        "total": 3,
        "calls": {"GET /api/public/v3/tasks": 3},
    }


def test_the_page_needs_no_key_and_nothing_from_elsewhere(vendor):
    answer = requests.get(vendor.url, timeout=5)

    assert answer.status_code == 200
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assets = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert assets
    for asset in assets:
        assert asset.startswith("/_page/")
        assert requests.get(vendor.url + asset, timeout=5).status_code == 200


def test_calls_for_jira_are_passed_on_to_its_control_api():
    with running(create_app(api_key="other")) as jira:
        app = create_app(api_key="k", jira_url=f"{jira}/", open_tasks=0, completed_tasks=0)
        with running(app) as url:
            through = f"{url}/_control/jira"
            shown = requests.get(f"{through}/tasks?limit=2", timeout=5).json()
            created = requests.post(f"{through}/tasks", json={"title": "x"}, timeout=5)
            refused = requests.patch(f"{through}/tasks/1", json={"title": "x"}, timeout=5)

    assert len(shown["tasks"]) == 2
    assert created.status_code == 201
    assert refused.status_code == 404


def test_an_absent_jira_is_named():
    with running(create_app(api_key="k", open_tasks=0, completed_tasks=0)) as url:
        answer = requests.get(f"{url}/_control/jira/issues", timeout=5)
    assert (answer.status_code, answer.json()) == (503, {"error": "no Jira sandbox is set"})

    gone = create_app(api_key="k", jira_url="http://127.0.0.1:9", open_tasks=0, completed_tasks=0)
    with running(gone) as url:
        answer = requests.get(f"{url}/_control/jira/issues", timeout=5)
    assert answer.status_code == 502


def test_a_restarted_sandbox_continues_where_it_stopped(tmp_path):
    headers = {"X-API-KEY": "k"}
    with running(create_app(api_key="k", data_dir=tmp_path)) as url:
        tasks = f"{url}/api/public/v3/tasks"
        first = requests.get(tasks, headers=headers, timeout=5).json()["data"]
        requests.put(f"{tasks}/{first[0]['id']}/complete", headers=headers, timeout=5)
        requests.delete(f"{url}/_control/tasks/{first[1]['id']}", timeout=5)
        requests.put(f"{url}/_control/switches", json={"put_answer": "bare"}, timeout=5)
        before = requests.get(f"{url}/_control/tasks", timeout=5).json()

    with running(create_app(api_key="k", data_dir=tmp_path)) as url:
        assert requests.get(f"{url}/_control/tasks", timeout=5).json() == before
        switches = requests.get(f"{url}/_control/switches", timeout=5).json()
        assert switches["put_answer"] == "bare"
    assert before["count"] == 209


def test_a_seed_that_was_cut_short_is_made_again(tmp_path):
    headers = {"X-API-KEY": "k"}
    with running(create_app(api_key="k", data_dir=tmp_path)):
        pass
    documents = Documents(tmp_path / "peopleforce.sqlite3")
    documents.delete("settings", "seed")
    for key in list(documents.load("task"))[7:]:
        documents.delete("task", key)
    documents.close()

    with running(create_app(api_key="k", data_dir=tmp_path)) as url:
        answer = requests.get(f"{url}/api/public/v3/tasks", headers=headers, timeout=5).json()

    assert answer["metadata"]["pagination"]["count"] == 150


def test_the_program_takes_its_key_from_the_environment_and_survives_a_kill(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "SANDBOX_PEOPLEFORCE_API_KEY": "from-the-environment",
        "SANDBOX_PEOPLEFORCE_DATA_DIR": str(tmp_path),
        "SANDBOX_PEOPLEFORCE_PORT": str(port),
    }
    tasks = f"http://127.0.0.1:{port}/api/public/v3/tasks"
    headers = {"X-API-KEY": "from-the-environment"}

    with _program(environment, tasks) as process:
        task_id = requests.get(tasks, headers=headers, timeout=5).json()["data"][0]["id"]
        requests.put(f"{tasks}/{task_id}/complete", headers=headers, timeout=5)
        process.kill()
    with _program(environment, tasks) as process:
        done = requests.get(f"{tasks}?completed=true", headers=headers, timeout=5).json()["data"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0

    assert done[0]["id"] == task_id


def test_the_program_refuses_to_listen_to_other_machines():
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox.peopleforce", "--host", "0.0.0.0", "--api-key", "k"],  # noqa: S104
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert ended.returncode == 2
    assert "not a loopback address" in ended.stderr


def _program(environment: dict[str, str], url: str) -> subprocess.Popen:
    """Start the program and return when it answers."""
    process = subprocess.Popen([sys.executable, "-m", "sandbox.peopleforce"], env=environment)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            requests.get(url, timeout=5)
        except requests.ConnectionError:
            continue
        return process
    process.kill()
    raise AssertionError(f"the program never answered; it ended with {process.wait()}")
