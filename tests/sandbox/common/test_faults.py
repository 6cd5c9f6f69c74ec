"""Each injected fault, as the client of a stand-in meets it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import SimpleNamespace

import pytest
import requests
from flask import Flask

from sandbox.common import calls, faults
from sandbox.common.control import control_blueprint, refuse_foreign_callers
from sandbox.common.server import running


@pytest.fixture
def vendor():
    """A vendor with one list, to which POST adds and which GET reads."""
    app = Flask("vendor")
    counted, injected = calls.Calls(), faults.Faults()
    refuse_foreign_callers(app)
    calls.install(app, counted)
    faults.install(app, injected)
    app.register_blueprint(control_blueprint(injected, counted))
    written: list[str] = []

    @app.post("/things/<name>")
    def add(name):
        written.append(name)
        return {"name": name}

    @app.get("/things")
    def read():
        return {"things": written}

    with running(app) as url, requests.Session() as session:
        yield SimpleNamespace(
            url=url,
            written=written,
            get=lambda path: session.get(url + path, timeout=5),
            post=lambda path: session.post(url + path, timeout=5),
            inject=lambda **fault: session.post(f"{url}/_control/faults", json=fault, timeout=5),
            faults=lambda: session.get(f"{url}/_control/faults").json()["faults"],
            clear=lambda path="": session.delete(f"{url}/_control/faults{path}"),
            session=session,
        )


def test_a_dropped_answer_leaves_the_write_behind(vendor):
    vendor.inject(kind="drop_after_write", method="POST", times=1)

    with pytest.raises(requests.ConnectionError):
        vendor.post("/things/chair")

    assert vendor.get("/things").json() == {"things": ["chair"]}


def test_a_slow_answer_comes_after_the_write(vendor):
    vendor.inject(kind="slow_after_write", seconds=1)

    with pytest.raises(requests.ReadTimeout):
        vendor.session.post(f"{vendor.url}/things/desk", timeout=0.3)

    assert vendor.written == ["desk"]


def test_an_injected_status_happens_instead_of_the_work(vendor):
    vendor.inject(kind="status", status=503, times=2)

    answers = [vendor.post("/things/lamp").status_code for _ in range(3)]

    assert answers == [503, 503, 200]
    assert vendor.written == ["lamp"]


def test_retry_after_is_seconds_or_a_date_or_absent(vendor):
    vendor.inject(kind="status", status=429, retry_after=7, times=1)
    vendor.inject(kind="status", status=429, retry_after=7, retry_after_as="date", times=1)
    vendor.inject(kind="status", status=429, times=1)

    seconds, day, absent = [vendor.get("/things").headers.get("Retry-After") for _ in range(3)]

    assert seconds == "7"
    wait = parsedate_to_datetime(day) - datetime.now(UTC)
    assert 3 < wait.total_seconds() <= 7
    assert absent is None


def test_an_injected_status_may_bring_its_body_and_headers(vendor):
    vendor.inject(
        kind="status", status=400, body={"errors": {"x": "y"}}, headers={"X-A": "b"}, times=1
    )
    vendor.inject(kind="status", status=502, body="<h1>Bad Gateway</h1>")

    refused, proxy = vendor.get("/things"), vendor.get("/things")

    assert refused.json() == {"errors": {"x": "y"}}
    assert refused.headers["X-A"] == "b"
    assert proxy.headers["Content-Type"].startswith("text/html")


def test_html_comes_with_200(vendor):
    vendor.inject(kind="html")

    answer = vendor.get("/things")

    assert answer.status_code == 200
    assert answer.text.startswith("<!DOCTYPE html>")


def test_a_truncated_answer_breaks_the_connection_or_the_json(vendor):
    vendor.inject(kind="truncate", times=1)
    vendor.inject(kind="truncate", length="cut", times=1)

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        vendor.get("/things")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        vendor.get("/things").json()


def test_latency_delays_and_then_the_work_is_done(vendor):
    vendor.inject(kind="latency", seconds=0.2)
    began = time.monotonic()

    answer = vendor.post("/things/sofa")

    assert time.monotonic() - began >= 0.2
    assert answer.json() == {"name": "sofa"}


def test_latency_joins_another_fault(vendor):
    vendor.inject(kind="status", status=500)
    vendor.inject(kind="latency", seconds=0.2)
    began = time.monotonic()

    assert vendor.get("/things").status_code == 500
    assert time.monotonic() - began >= 0.2


def test_a_fault_strikes_its_method_and_path_only(vendor):
    vendor.inject(kind="status", method="post", path="/things/c*")

    assert vendor.get("/things").status_code == 200
    assert vendor.post("/things/desk").status_code == 200
    assert vendor.post("/things/chair").status_code == 503


def test_an_improbable_fault_strikes_some_of_the_time(vendor):
    vendor.inject(kind="status", probability=0.5)

    answers = {vendor.get("/things").status_code for _ in range(60)}

    assert answers == {200, 503}


def test_the_control_api_is_never_struck(vendor):
    vendor.inject(kind="status")

    assert vendor.get("/_control/faults").status_code == 200


def test_faults_can_be_seen_and_removed_one_by_one_or_all(vendor):
    first = vendor.inject(kind="html", times=3).json()["id"]
    vendor.inject(kind="latency")
    vendor.inject(kind="truncate")
    vendor.get("/things")

    assert [(f["kind"], f["times"]) for f in vendor.faults()] == [
        ("html", 2),
        ("latency", None),
        ("truncate", None),
    ]
    vendor.clear(f"/{first}")
    assert [f["kind"] for f in vendor.faults()] == ["latency", "truncate"]
    vendor.clear()
    assert vendor.faults() == []


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"kind": "explode"},
        {"kind": "status", "status": 200},
        {"kind": "html", "times": 0},
        {"kind": "html", "probability": 2},
        {"kind": "latency", "second": 3},
        {"kind": "latency", "seconds": 301},
    ],
)
def test_what_is_no_fault_is_refused_with_a_reason(vendor, fault):
    answer = vendor.inject(**fault)

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert vendor.faults() == []


def test_calls_are_counted_by_method_and_route_even_when_struck(vendor):
    vendor.inject(kind="status", times=1)
    vendor.post("/things/a")
    vendor.post("/things/b")
    vendor.get("/things")
    vendor.get("/nowhere")

    assert vendor.get("/_control/calls").json() == {
        "total": 4,
        "calls": {"GET (no such route)": 1, "GET /things": 1, "POST /things/<name>": 2},
    }
    vendor.session.delete(f"{vendor.url}/_control/calls")
    assert vendor.get("/_control/calls").json() == {"total": 0, "calls": {}}


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {"Host": "evil.example"}, 403),
        ("GET", {"Host": "127.0.0.1.evil.example:80"}, 403),
        ("GET", {"Host": "localhost:9"}, 200),
        ("GET", {"Host": "[::1]:9"}, 200),
        ("POST", {"Origin": "https://evil.example"}, 403),
        ("POST", {"Origin": "null"}, 403),
        ("POST", {"Origin": "http://localhost:8091"}, 400),
        ("POST", {}, 400),
    ],
)
def test_only_this_machine_and_its_own_pages_are_answered(vendor, method, headers, status):
    answer = vendor.session.request(method, f"{vendor.url}/_control/faults", headers=headers)

    assert answer.status_code == status


def test_a_caller_from_another_machine_is_refused():
    app = Flask("vendor")
    refuse_foreign_callers(app)
    app.add_url_rule("/", view_func=lambda: "here")
    client = app.test_client()

    answer = client.get("/", environ_overrides={"REMOTE_ADDR": "192.0.2.7"})

    assert answer.status_code == 403
