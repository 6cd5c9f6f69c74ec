"""The services of docker-compose.yml as plain processes: healthy, working, and stopped in time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from composed import Composed
from stack import free_ports

from core.settings import ROOT, SANDBOX_API_KEY, SANDBOX_JIRA_EMAIL, SANDBOX_JIRA_TOKEN
from tests.conftest import RedisServer, wait_until

TOKEN = "a-token-for-prometheus-32-characters"
LASTING = (
    *("worker-ops", "worker-pf_jira", "worker-pf_jira-commands"),
    *("flower", "gateway", "beat"),
)


@pytest.fixture(scope="module")
def vendors(tmp_path_factory) -> Iterator[dict[str, str]]:
    """Both stand-ins, as vendors elsewhere: the settings with which they are reached."""
    folder = tmp_path_factory.mktemp("vendors")
    jira, peopleforce = free_ports(2)
    account = {
        "SANDBOX_JIRA_EMAIL": SANDBOX_JIRA_EMAIL,
        "SANDBOX_JIRA_TOKEN": SANDBOX_JIRA_TOKEN,
        "SANDBOX_PEOPLEFORCE_API_KEY": SANDBOX_API_KEY,
    }
    processes = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", f"sandbox.{vendor}"),
                *("--port", str(port), "--data-dir", str(folder)),
            ],
            cwd=ROOT,
            env={**account, "PATH": "/usr/bin:/bin"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for vendor, port in (("jira", jira), ("peopleforce", peopleforce))
    ]
    yield {
        "IGW_JIRA_BASE_URL": f"http://127.0.0.1:{jira}",
        "IGW_JIRA_EMAIL": SANDBOX_JIRA_EMAIL,
        "IGW_PEOPLEFORCE_BASE_URL": f"http://127.0.0.1:{peopleforce}/api/public/v3",
        "IGW_DEFAULT_PROJECT": "HR",
    }
    for process in processes:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def redis_of_its_own(tmp_path_factory) -> Iterator[str]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server.url
    server.stop()


@pytest.fixture(scope="module")
def composed(tmp_path_factory, vendors, redis_of_its_own) -> Iterator[Composed]:
    """All services, each started when what it depends on is there."""
    folder = tmp_path_factory.mktemp("composed")
    secrets = folder / "secrets"
    secrets.mkdir()
    settings = secrets / "settings"
    settings.write_text("".join(f"{name}={value}\n" for name, value in vendors.items()))
    for name, value in {
        "igw_peopleforce_api_key": SANDBOX_API_KEY,
        "igw_jira_api_token": SANDBOX_JIRA_TOKEN,
        "igw_jira_webhook_secrets": "one, another",
        "igw_metrics_token": TOKEN,
    }.items():
        (secrets / name).write_text(f"{value}\n")
    gateway, flower = free_ports(2)
    composed = Composed(
        folder,
        {
            "/run/secrets/settings": str(settings),
            "/data": str(folder / "data"),
            "redis://redis:6379/0": redis_of_its_own,
            "0.0.0.0": "127.0.0.1",  # noqa: S104 - what it must not be here
            "http://seq:5341": "",
            "--port=5555": f"--port={flower}",
        },
        {"gateway": gateway, "flower": flower},
    )
    for service in composed.services.values():
        # The folder in which an engine puts them.
        service["environment"]["IGW_SECRETS_DIR"] = str(secrets)
    try:
        for name in ("migrate", *LASTING):
            composed.start(name)
        for name in LASTING:
            composed.await_health(name)
        yield composed
    finally:
        composed.kill_all()


def url(composed: Composed, path: str) -> str:
    return f"http://127.0.0.1:{composed.environment('gateway')['IGW_GATEWAY_PORT']}{path}"


def test_all_services_do_their_work_together(composed):
    def synced() -> bool:
        status = composed.run("gateway", "igw", "status", "--json")
        return json.loads(status.stdout)["links"].get("synced", 0) >= 100

    wait_until(synced, 60, every=1, what="the tasks of PeopleForce to become issues")


def test_the_gateway_tells_of_all_of_them_to_whoever_has_the_token(composed):
    assert requests.get(url(composed, "/metrics"), timeout=10).status_code == 401

    page = requests.get(
        url(composed, "/metrics"), headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10
    )

    workers = [name for name in LASTING if name.startswith("worker-")]
    for name in ("gateway", *workers):
        assert f'service="{name}"' in page.text, name


def test_each_says_in_its_log_which_process_it_is(composed):
    for name in ("gateway", "worker-ops", "worker-pf_jira"):
        lines = [json.loads(line) for line in composed.log(name).splitlines() if line[:1] == "{"]
        assert {line["process"] for line in lines} == {name}


def test_what_is_not_there_is_not_healthy(composed):
    for name in ("gateway", "flower"):
        environment = {f"IGW_{name.upper()}_PORT": str(free_ports(1)[0])}
        asked = composed.run(
            name, "env", *(f"{k}={v}" for k, v in environment.items()), "igw", "healthy", name
        )
        assert asked.returncode == 1, asked.stdout
    unknown = composed.run("gateway", "igw", "healthy", "worker-nobody")
    assert unknown.returncode == 2
    assert "worker-pf_jira-commands" in unknown.stderr


def test_no_secret_is_in_the_environment_of_a_container(composed):
    for name in composed.services:
        environment = composed.environment(name)
        for secret in (SANDBOX_API_KEY, SANDBOX_JIRA_TOKEN, TOKEN):
            assert secret not in environment.values()


def test_each_ends_by_itself_within_the_time_that_it_is_given(composed):
    # As an engine stops them: whoever depends on others first.
    codes = {name: composed.stop(name) for name in reversed(LASTING)}

    assert codes == dict.fromkeys(reversed(LASTING), 0)


def test_the_sandbox_service_runs_everything_by_itself(tmp_path):
    ports = dict(
        zip(
            ("gateway", "flower", "redis", "sandbox_peopleforce", "sandbox_jira"),
            free_ports(5),
            strict=True,
        )
    )
    no_env = {"IGW_ENV_FILE": str(Path(tmp_path) / "none")}
    composed = Composed(tmp_path, {"/data": str(tmp_path / "data")}, ports)
    composed.services["sandbox"]["environment"] |= no_env
    try:
        composed.start("sandbox")
        composed.await_health("sandbox")
        wait_until(lambda: "Everything answers" in composed.log("sandbox"), 60)

        assert composed.stop("sandbox") == 0
    finally:
        composed.kill_all()
