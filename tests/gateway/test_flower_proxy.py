"""Flower behind the log-in: who may see it, who may touch it, and what it is told."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator

import pytest
from flask import Flask, Response, request

from core import audit
from core.database import reading
from core.kept_secrets import flower_password
from core.settings import get_settings
from gateway.dashboard import flower
from sandbox.common.server import running
from tests.gateway.browsing import Browser

SCRIPT = "\nvar autorefresh = 1;\n"
AJAX = ("X-Requested-With", "XMLHttpRequest")


class FakeFlower:
    """Answers everything, and remembers what it was asked."""

    def __init__(self) -> None:
        self.port = ""
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.body = f"<script type=x>{SCRIPT}</script><p>Workers</p>".encode()
        self.app = Flask(__name__, static_folder=None)
        methods = ["GET", "POST"]
        self.app.add_url_rule("/<path:path>", view_func=self._answer, methods=methods)

    def _answer(self, path: str) -> Response:  # noqa: ARG002 - the route
        full = request.full_path.removesuffix("?")
        self.seen.append((request.method, full, dict(request.headers), request.get_data()))
        answer = Response(self.body, headers={"Set-Cookie": "_xsrf=1", "ETag": '"1"'})
        answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer


@pytest.fixture
def fake() -> Iterator[FakeFlower]:
    stand_in = FakeFlower()
    with running(stand_in.app) as url:
        stand_in.port = url.rpartition(":")[2]
        flower._flower.cache_clear()
        yield stand_in
    flower._flower.cache_clear()


@pytest.fixture
def person(dashboard, fake):
    def log_in(role: str) -> Browser:
        browser = dashboard(flower_port=fake.port)
        browser.log_in(role)
        return browser

    return log_in


def test_a_stranger_sees_nothing_of_flower(dashboard, fake):
    browser = dashboard(flower_port=fake.port)

    assert browser.get("/flower/tasks").headers["Location"] == "/login?next=/flower/tasks"
    assert browser.post("/flower/api/task/revoke/1", AJAX).status in {303, 401}
    assert fake.seen == []


def test_a_viewer_sees_its_pages_and_flower_sees_the_password_and_no_cookie(person, fake):
    answer = person("viewer").get("/flower/worker/ops%40vm?a=1&b=%20")

    assert (answer.status, answer.body) == (200, fake.body)
    [(method, path, headers, _)] = fake.seen
    assert (method, path) == ("GET", "/flower/worker/ops@vm?a=1&b=%20")
    assert "Cookie" not in headers
    given = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
    assert given == f"gateway:{flower_password(get_settings())}"
    assert "Set-Cookie" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["ETag"] == '"1"'


def test_only_flowers_own_script_may_run_in_its_pages(person, fake):
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    browser = person("viewer")

    allowed = browser.get("/flower/").headers["Content-Security-Policy"]
    assert f"script-src 'self' 'sha256-{digest}';" in allowed
    fake.body = b"<script>var autorefresh = 1; steal()</script>"
    refused = browser.get("/flower/").headers["Content-Security-Policy"]
    assert "script-src 'self';" in refused
    assert "unsafe-eval" not in allowed + refused


@pytest.mark.parametrize(
    ("path", "least"),
    [
        ("tasks/datatable", "viewer"),
        ("api/task/revoke/1-2", "operator"),
        ("api/task/abort/1-2", "operator"),
        ("api/task/rate-limit/ops.relay", "admin"),
        ("api/task/timeout/ops.relay", "admin"),
        ("api/worker/shutdown/ops@vm", "admin"),
        ("api/worker/pool/grow/ops@vm", "admin"),
        ("api/worker/queue/add-consumer/ops@vm", "admin"),
    ],
)
def test_what_changes_something_takes_its_role(person, fake, path, least):
    roles = ["viewer", "operator", "admin"]

    for role in roles:
        answer = person(role).post(f"/flower/{path}", AJAX, n="1")
        assert answer.status == (200 if roles.index(role) >= roles.index(least) else 403), role

    asked = [(method, where) for method, where, _, _ in fake.seen]
    assert asked == [("POST", f"/flower/{path}")] * (3 - roles.index(least))
    assert all(b"n=1" in body for *_, body in fake.seen)


@pytest.mark.parametrize(
    "path",
    ["/evil.example/", "@evil.example/", "http://evil.example/", "%5Cevil.example", "..%2f..%2fx"],
)
def test_no_path_leads_to_another_server_than_flower(person, fake, path):
    person("viewer").get(f"/flower/{path}")

    assert all(where.startswith("/flower/") for _, where, _, _ in fake.seen)


def test_an_operator_reaches_no_control_of_an_admin_by_way_of_their_own(person, fake):
    for way_up in ("../../worker/shutdown/ops@vm", "%2e%2e/%2e%2e/worker/shutdown/ops@vm"):
        person("operator").post(f"/flower/api/task/revoke/{way_up}", AJAX)

    # Flower takes all that follows for the task's id, as long as nobody makes the path shorter.
    assert all("/api/task/revoke/" in where for _, where, _, _ in fake.seen)


@pytest.mark.parametrize("path", ["apply", "async-apply", "send-task"])
def test_nobody_starts_tasks_of_their_choice(person, fake, path):
    answer = person("admin").post(f"/flower/api/task/{path}/pf_jira.sync", AJAX)

    assert answer.status == 405
    assert fake.seen == []


def test_what_was_done_in_flower_is_in_the_audit(person, fake):
    person("operator").post("/flower/api/task/revoke/1-2", AJAX)

    with reading() as session:
        [row] = audit.latest(session, limit=1)
    assert (row.actor, row.action, row.subject) == (
        "operator@development.invalid",
        "asked Flower for revoke of",
        "task 1-2",
    )


def test_a_page_of_another_site_cannot_steer_flower(person, fake):
    answer = person("admin").post("/flower/api/worker/shutdown/ops@vm")

    assert answer.status == 400
    assert fake.seen == []


def test_while_flower_is_down_the_page_says_so(dashboard, fake):
    browser = dashboard(flower_port=1)
    browser.log_in("viewer")

    answer = browser.get("/flower/")

    assert answer.status == 502
    assert b"Flower does not answer" in answer.body


def test_an_answer_without_end_is_cut_off(person, fake, monkeypatch):
    monkeypatch.setattr(flower, "LARGEST_ANSWER", 1000)
    fake.body = b"x" * 1001
    assert person("viewer").get("/flower/").status == 502


def test_all_processes_share_one_password_however_many_ask_first(settings_env):
    found: list[str] = []
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait()
        found.append(flower_password(get_settings()))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(found)) == 1
    assert len(found[0]) == 64
    folder = get_settings().data_dir
    assert [(f.name, f.stat().st_mode & 0o777) for f in folder.iterdir()] == [("flower.key", 0o600)]
