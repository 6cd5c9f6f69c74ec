from __future__ import annotations

import json
import subprocess
import sys
import threading
import time

import pytest
from click.testing import CliRunner

from cli.checks import check_alerts, check_data_folder, check_database, check_redis
from cli.doctor import ask
from cli.main import igw
from cli.outcomes import Outcome, Status, well
from core.migrate import upgrade
from core.settings import ROOT, get_settings, load_settings


@pytest.fixture
def nothing_runs(settings_env) -> pytest.MonkeyPatch:
    """Settings whose every port is one that nobody can listen on."""
    settings_env.setenv("IGW_REDIS_URL", "redis://127.0.0.1:1/0")
    for index, field in enumerate(("GATEWAY", "SANDBOX_PEOPLEFORCE", "SANDBOX_JIRA")):
        settings_env.setenv(f"IGW_{field}_PORT", str(2 + index))
    return settings_env


def test_when_nothing_runs_every_failing_check_is_a_row_with_a_remedy(nothing_runs):
    started = time.monotonic()
    result = CliRunner().invoke(igw, ["doctor", "--json"])
    assert time.monotonic() - started < 10

    assert result.exit_code == 1
    answer = json.loads(result.output)
    rows = {row["check"]: row for row in answer["checks"]}
    assert answer["status"] == "failed"
    assert rows["settings"]["status"] == "ok"
    for name in ("database", "redis", "gateway", "workers", "PeopleForce (sandbox)"):
        assert rows[name]["status"] == "failed", name
        assert rows[name]["remedy"], name


def test_a_person_reads_the_remedies_below_the_table(nothing_runs):
    result = CliRunner().invoke(igw, ["doctor"])
    assert "gateway: start everything with `igw up`" in result.output


def test_settings_that_cannot_be_used_are_rows_too_and_the_exit_code_is_2(settings_env):
    settings_env.setenv("IGW_JIRA_EMAIL", "gateway@acme.test")
    settings_env.setenv("IGW_FLOWER_PORT", "8080")

    result = CliRunner().invoke(igw, ["doctor", "--json"])

    assert result.exit_code == 2
    found = {row["check"]: row["remedy"] for row in json.loads(result.output)["checks"]}
    assert set(found) == {
        "IGW_PEOPLEFORCE_API_KEY",
        "IGW_JIRA_BASE_URL",
        "IGW_JIRA_API_TOKEN",
        "IGW_JIRA_WEBHOOK_SECRETS",
        "IGW_GATEWAY_PORT and IGW_FLOWER_PORT",
    }
    assert all(found.values())


def test_a_check_that_hangs_or_raises_is_a_row_and_holds_up_nobody():
    released = threading.Event()

    def hang() -> Outcome:
        released.wait(30)
        return well("too late")

    def fall() -> Outcome:
        raise RuntimeError("out of order")

    started = time.monotonic()
    found = ask({"hangs": hang, "falls": fall, "works": lambda: well("fine")}, seconds=0.2)
    released.set()

    assert time.monotonic() - started < 2
    assert found["hangs"].status is Status.FAILED
    assert "no answer within" in found["hangs"].found
    assert found["falls"].found == "RuntimeError: out of order"
    assert found["works"] == well("fine")
    assert list(found) == ["hangs", "falls", "works"]


def test_a_data_folder_that_does_not_exist_yet_is_no_fault(tmp_path):
    assert check_data_folder(tmp_path / "new" / "data").status is Status.OK


def test_a_data_folder_that_others_can_enter_is_a_warning(tmp_path):
    tmp_path.chmod(0o755)
    outcome = check_data_folder(tmp_path)
    assert (outcome.status, outcome.remedy) == (Status.WARNING, f"chmod 700 {tmp_path}")


def test_asking_for_a_database_that_is_not_there_does_not_make_one(settings_env):
    settings = load_settings()
    assert check_database(settings).status is Status.FAILED
    assert not settings.data_dir.exists()


def test_a_database_without_tables_is_told_from_a_migrated_one(database_url):
    settings = get_settings()
    if database_url.startswith("sqlite"):
        (settings.data_dir.parent / "gateway.db").touch()
    before = check_database(settings)
    upgrade(settings)
    after = check_database(settings)
    assert (before.status, before.remedy) == (Status.FAILED, "run `igw migrate`")
    # The tests run PostgreSQL without fsync, which is worth a warning.
    assert after.status is (Status.OK if database_url.startswith("sqlite") else Status.WARNING)


def test_a_database_that_does_not_answer_is_shown_without_its_password(settings_env):
    settings_env.setenv("IGW_DATABASE_URL", "postgresql+psycopg://igw:pass-word@127.0.0.1:1/igw")
    outcome = check_database(get_settings())
    assert outcome.status is Status.FAILED
    assert "does not answer" in outcome.found
    assert "pass-word" not in outcome.found


@pytest.mark.parametrize(
    ("policy", "append_only", "expected"),
    [
        ("noeviction", "yes", Status.OK),
        ("noeviction", "no", Status.WARNING),
        ("allkeys-lru", "yes", Status.FAILED),
    ],
)
def test_a_redis_that_may_lose_what_it_is_given_is_told_from_one_that_keeps_it(
    redis_client, policy, append_only, expected
):
    redis_client.config_set("maxmemory-policy", policy)
    redis_client.config_set("appendonly", append_only)
    try:
        assert check_redis(get_settings()).status is expected
    finally:
        redis_client.config_set("maxmemory-policy", "noeviction")
        redis_client.config_set("appendonly", "no")


def test_a_worker_that_does_not_run_is_named(redis_client):
    # In a process of its own: Celery keeps the broker that it was first told of.
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "doctor", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    rows = {row["check"]: row for row in json.loads(done.stdout)["checks"]}
    assert rows["workers"]["status"] == "failed"
    assert rows["workers"]["found"] == "no answer from ops, pf_jira, pf_jira-commands"


SLACK = {"IGW_SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T0/B0/planted"}
TELEGRAM = {"IGW_TELEGRAM_BOT_TOKEN": "1:planted", "IGW_TELEGRAM_CHAT_ID": "-1001"}


@pytest.mark.parametrize(
    ("channels", "found"),
    [
        ({}, "go nowhere"),
        (SLACK, "go to Slack, without a reserve"),
        (TELEGRAM, "go to Telegram, without a reserve"),
        (SLACK | TELEGRAM, "go to Slack, in reserve to Telegram"),
    ],
)
def test_the_channels_of_alerts_are_named_without_sending_anything(settings_env, channels, found):
    for name, value in channels.items():
        settings_env.setenv(name, value)

    outcome = check_alerts(load_settings())

    assert outcome.status is Status.OK
    assert found in outcome.found
    assert "planted" not in outcome.found


def test_with_real_vendors_alerts_that_go_nowhere_are_a_warning(settings_env):
    for name, value in {
        "PEOPLEFORCE_API_KEY": "key",
        "JIRA_BASE_URL": "https://acme.atlassian.net",
        "JIRA_EMAIL": "gateway@acme.example",
        "JIRA_API_TOKEN": "token",
        "JIRA_WEBHOOK_SECRETS": "secret",
    }.items():
        settings_env.setenv(f"IGW_{name}", value)

    outcome = check_alerts(load_settings())

    assert outcome.status is Status.WARNING
    assert "IGW_SLACK_WEBHOOK_URL" in outcome.remedy
