"""Dockerfile and docker-compose.yml are valid, fit the code, and let containers do little."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from composed import DOCKERFILE, FILE, command, compose, health_check, ours, seconds
from pydantic import SecretStr

from cli.stack import describe
from core.domains import load_domains
from core.settings import ROOT, Settings, get_settings, variable

SERVICES = compose()["services"]
PROGRAMS = Path(sys.executable).parent


def as_started_here(settings_env) -> dict[str, list[str]]:
    """Give the commands of `igw up`, without what only a machine of one's own needs."""
    settings_env.setenv("IGW_REDIS_URL", "redis://redis:6379/0")
    get_settings.cache_clear()
    found = {}
    for process in describe(get_settings(), load_domains(), None):
        words = list(process.command)
        if "--concurrency" in words:
            # celeryconfig.py takes it from the settings.
            at = words.index("--concurrency")
            del words[at : at + 2]
        found[process.name] = ["python", *words[1:]]
    return found


def test_the_dockerfile_has_nothing_that_hadolint_would_do_otherwise():
    done = subprocess.run(
        [PROGRAMS / "hadolint", DOCKERFILE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_compose_file_is_valid_by_the_published_schema():
    done = subprocess.run(
        [PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", FILE],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_each_process_of_igw_up_is_a_service_with_the_same_command(settings_env):
    services = ours()
    for name, words in as_started_here(settings_env).items():
        if name.startswith("sandbox-"):
            continue
        assert name in services, f"docker-compose.yml has no service {name}: copy a worker's"
        # In a container of its own, Flower is reached from elsewhere.
        wanted = [word.replace("--address=127.0.0.1", "--address=0.0.0.0") for word in words]
        assert command(services[name]) == wanted


def test_each_service_has_the_time_to_stop_that_its_process_needs(settings_env):
    for process in describe(get_settings(), load_domains(), None):
        if not process.name.startswith("sandbox-"):
            given = seconds(SERVICES[process.name]["stop_grace_period"])
            assert given > process.stop_seconds, process.name


def test_each_service_of_ours_says_its_name_and_is_asked_for_its_health_by_it():
    for name, service in ours().items():
        if name in {"migrate", "sandbox"}:
            continue
        assert service["environment"]["IGW_PROCESS_NAME"] == name
        assert health_check(service) == ["igw", "healthy", name]


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_may_do_as_little_as_possible(name):
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service
    assert service["mem_limit"]
    assert service["read_only"] or name == "seq", "Seq's image writes beside its volume"
    # The gateway's own image names its user itself; Cloudflare's has no other.
    assert "user" in service or "build" in service or name in {"cloudflared", "seq"}
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:"), "for this machine alone; a proxy stands in front"


@pytest.mark.parametrize("name", SERVICES)
def test_each_image_has_a_version_and_comes_from_no_named_registry(name):
    image = SERVICES[name]["image"]
    repository, _, tag = image.partition(":")
    assert tag
    assert not tag.startswith("latest")
    assert "." not in repository.partition("/")[0], "which registry is for the engine to know"


def test_no_secret_stands_in_the_environment_of_a_service():
    secrets = {
        variable(field)
        for field, info in Settings.model_fields.items()
        if SecretStr.__name__ in str(info.annotation)
    } - {variable("redis_url")}
    for name, service in SERVICES.items():
        environment = service.get("environment", {})
        assert not secrets & environment.keys(), name
        assert not re.search(r"(PASSWORD|TOKEN|KEY)'?: '", str(environment)), name


def test_services_of_ours_start_after_the_migration_and_what_keeps_their_data():
    for name, service in ours().items():
        if name in {"migrate", "sandbox"}:
            continue
        waits = {it: how["condition"] for it, how in service["depends_on"].items()}
        assert waits["migrate"] == "service_completed_successfully"
        assert waits["redis"] == "service_healthy"


def test_what_a_service_needs_only_sometimes_is_not_asked_of_all():
    profiled = {name for name, service in SERVICES.items() if "profiles" in service}
    for name, service in SERVICES.items():
        if name in profiled:
            continue
        for other, how in service.get("depends_on", {}).items():
            assert other not in profiled or how["required"] is False, (name, other)


def test_redis_keeps_its_messages():
    words = SERVICES["redis"]["command"]
    assert "--appendonly yes" in words
    assert "--maxmemory-policy noeviction" in words


def test_the_image_is_made_of_what_the_locks_pin_and_runs_as_nobody():
    text = DOCKERFILE.read_text()
    for line in re.findall(r"uv (?:sync|run)[^\n]*", text):
        assert "--frozen" in line
    assert "npm ci" in text
    assert re.search(r"^USER 1\d{4}:1\d{4}$", text, re.MULTILINE)
    assert "--no-dev" in text


def test_neither_secrets_nor_data_can_get_into_the_image():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*", "out stays what is not named"
    assert not {"!secrets", "!data", "!.git", "!tests"} & set(rules)


def test_the_image_has_every_package_of_the_code():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    for path in ROOT.iterdir():
        if path.is_dir() and any(path.glob("*.py")) and path.name not in {"tests", "bench"}:
            assert f"!{path.name}" in lines
