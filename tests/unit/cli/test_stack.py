from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

import celeryconfig
from cli.stack import MARK, Places, Stage, describe, environment, ports, redis_config
from core.domains import all_workers, load_domains
from core.settings import Settings, load_settings
from gateway import gunicorn_config

REDIS = Path("/usr/bin/redis-server")
REAL = {
    "IGW_PEOPLEFORCE_API_KEY": "pf-secret",
    "IGW_JIRA_BASE_URL": "https://acme.atlassian.net",
    "IGW_JIRA_EMAIL": "gateway@acme.test",
    "IGW_JIRA_API_TOKEN": "jira-secret",
    "IGW_JIRA_WEBHOOK_SECRETS": "hook-secret",
}


@pytest.fixture
def settings(settings_env) -> Settings:
    return load_settings()


@pytest.fixture
def real_settings(settings_env) -> Settings:
    for name, value in REAL.items():
        settings_env.setenv(name, value)
    return load_settings()


def names(processes) -> list[str]:
    return [process.name for process in processes]


def test_the_sandbox_stack_starts_redis_first_and_beat_last(settings):
    assert names(describe(settings, load_domains(), REDIS)) == [
        "redis",
        "sandbox-jira",
        "sandbox-peopleforce",
        *[f"worker-{worker.name}" for worker in all_workers(load_domains())],
        "flower",
        "gateway",
        "beat",
    ]


def test_processes_come_in_the_order_of_their_stages(settings):
    for before, after in pairwise(describe(settings, load_domains(), REDIS)):
        assert before.stage <= after.stage


def test_with_real_vendors_no_stand_in_is_started(real_settings):
    stages = {process.stage for process in describe(real_settings, load_domains(), REDIS)}
    assert stages == set(Stage) - {Stage.SANDBOX}


def test_with_a_redis_elsewhere_none_is_started(settings):
    assert "redis" not in names(describe(settings, load_domains(), None))


def test_each_worker_reads_its_own_queues_alone(settings):
    workers = [p for p in describe(settings, load_domains(), REDIS) if p.stage is Stage.WORKERS]
    queues = [p.command[p.command.index("--queues") + 1] for p in workers]
    assert queues == [",".join(worker.queues) for worker in all_workers(load_domains())]


def test_a_worker_may_finish_a_task_that_runs_to_its_soft_limit(settings):
    for process in describe(settings, load_domains(), REDIS):
        if process.stage is Stage.WORKERS:
            assert process.stop_seconds > celeryconfig.task_soft_time_limit


def test_a_stop_never_signals_pool_processes_which_would_end_in_the_middle_of_a_task(settings):
    for process in describe(settings, load_domains(), REDIS):
        assert process.signal_children == (process.stage not in {Stage.WORKERS, Stage.GATEWAY})


def test_gunicorn_may_let_requests_finish(settings):
    gateway = next(p for p in describe(settings, [], REDIS) if p.name == "gateway")
    assert gateway.stop_seconds > gunicorn_config.graceful_timeout


@pytest.mark.parametrize("which", ["settings", "real_settings"])
def test_no_command_line_holds_a_secret(which, request):
    settings = request.getfixturevalue(which)
    commands = [" ".join(p.command) for p in describe(settings, load_domains(), REDIS)]
    secrets = [
        settings.peopleforce.api_key.get_secret_value(),
        settings.jira.api_token.get_secret_value(),
        settings.webhook_secrets("jira_webhook_secrets")[0].decode(),
    ]
    assert [s for s in secrets for command in commands if s in command] == []


def test_the_stand_ins_get_their_secrets_by_environment(settings):
    variables = environment(settings)
    assert variables["SANDBOX_JIRA_WEBHOOK_URL"] == "http://127.0.0.1:8080/webhooks/jira"
    assert variables["SANDBOX_JIRA_WEBHOOK_SECRET"] == "sandbox-webhook-secret"
    assert variables["SANDBOX_PEOPLEFORCE_API_KEY"] == "sandbox-key"
    assert variables["SANDBOX_PEOPLEFORCE_JIRA_URL"] == "http://127.0.0.1:8092"


def test_with_real_vendors_the_environment_gains_no_secret(real_settings):
    assert not {value for value in environment(real_settings).values() if "secret" in value}


def test_every_process_can_be_recognised_by_its_data_folder(settings):
    assert environment(settings)[MARK] == str(settings.data_dir)


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ("settings", {8080, 5555, 8091, 8092, 6390}),
        ("real_settings", {8080, 5555, 6390}),
    ],
)
def test_the_ports_are_those_of_what_is_started(which, expected, request):
    assert {port.number for port in ports(request.getfixturevalue(which))} == expected


def test_a_port_names_the_setting_that_moves_it(settings):
    assert {p.setting: p.number for p in ports(settings)}["IGW_REDIS_PORT"] == 6390


def test_redis_keeps_what_it_is_given_and_listens_on_loopback(settings):
    lines = redis_config(settings).splitlines()
    for line in (
        "bind 127.0.0.1",
        "port 6390",
        "appendonly yes",
        "appendfsync everysec",
        "maxmemory-policy noeviction",
        f'dir "{Places(settings.data_dir).redis}"',
    ):
        assert line in lines
