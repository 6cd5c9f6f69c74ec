"""The settings: what is refused, in which words, and that no secret ever shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.findings import InvalidSettingsError
from core.settings import VendorMode, get_settings, load_settings

REAL = {
    "IGW_PEOPLEFORCE_API_KEY": "pf-key-9f3a",
    "IGW_JIRA_BASE_URL": "https://acme.atlassian.net",
    "IGW_JIRA_EMAIL": "gateway@acme.example",
    "IGW_JIRA_API_TOKEN": "jira-token-71bc",
    "IGW_JIRA_WEBHOOK_SECRETS": "hook-secret-old,hook-secret-new",
}


@pytest.fixture
def given(settings_env):
    """Set environment variables; the result reads the settings."""

    def load(**variables):
        for name, value in variables.items():
            settings_env.setenv(name, value)
        get_settings.cache_clear()
        return load_settings()

    return load


@pytest.fixture
def findings(given):
    """Give what is found to be wrong with some settings."""

    def find(**variables):
        with pytest.raises(InvalidSettingsError) as caught:
            given(**variables)
        return caught.value.findings

    return find


def test_without_any_credential_the_vendors_are_the_stand_ins(given):
    settings = given()

    assert settings.mode is VendorMode.SANDBOX
    assert settings.peopleforce.base_url == "http://127.0.0.1:8091/api/public/v3"
    assert settings.jira.base_url == "http://127.0.0.1:8092"
    assert settings.resolved_default_project == "HR"


def test_with_all_credentials_the_vendors_are_real(given):
    settings = given(**REAL)

    assert settings.mode is VendorMode.REAL
    assert settings.peopleforce.api_key.get_secret_value() == "pf-key-9f3a"
    assert settings.jira.base_url == "https://acme.atlassian.net"
    assert settings.webhook_secrets("jira_webhook_secrets") == [
        b"hook-secret-old",
        b"hook-secret-new",
    ]
    assert settings.resolved_default_project == ""


@pytest.mark.parametrize("missing", REAL)
def test_a_credential_that_is_missing_beside_others_is_named_with_a_remedy(findings, missing):
    [finding] = findings(**{name: value for name, value in REAL.items() if name != missing})

    assert finding.subject == missing
    assert f"set {missing} in" in finding.remedy
    assert "remove all vendor credentials to use the sandbox" in finding.remedy


def test_an_empty_variable_is_as_good_as_none(given):
    assert given(IGW_PEOPLEFORCE_API_KEY="", IGW_GATEWAY_PORT="").mode is VendorMode.SANDBOX


def test_the_sandbox_with_its_public_secret_listens_on_loopback_only(findings):
    [finding] = findings(IGW_GATEWAY_HOST="0.0.0.0")  # noqa: S104 - refused, not bound

    assert finding.subject == "IGW_GATEWAY_HOST"
    assert "127.0.0.1" in finding.remedy


def test_ports_that_are_shared_are_named_together(findings):
    [finding] = findings(IGW_GATEWAY_PORT="8091")

    assert finding.subject == "IGW_GATEWAY_PORT and IGW_SANDBOX_PEOPLEFORCE_PORT"
    assert finding.problem == "share port 8091"
    assert finding.remedy


def test_a_port_that_nothing_of_ours_listens_on_may_be_named_twice(given):
    given(IGW_GATEWAY_PORT="6390", IGW_REDIS_URL="redis://redis.internal/0")
    given(IGW_GATEWAY_PORT="8091", **REAL)


def test_a_broker_elsewhere_with_locks_here_is_a_contradiction(findings):
    [finding] = findings(IGW_BROKER_URL="redis://broker.internal/0", **REAL)

    assert finding.subject == "IGW_BROKER_URL"
    assert "IGW_REDIS_URL" in finding.remedy


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("IGW_JIRA_BASE_URL", "acme.atlassian.net"),
        ("IGW_JIRA_BASE_URL", "http://acme.atlassian.net"),
        ("IGW_PEOPLEFORCE_BASE_URL", "ftp://app.peopleforce.io"),
        ("IGW_DATABASE_URL", "nonsense"),
        ("IGW_DATABASE_URL", "postgresql://igw:secret@db/igw"),
        ("IGW_REDIS_URL", "http://127.0.0.1:6379/0"),
        ("IGW_BROKER_URL", "pigeon://roof"),
        ("IGW_GATEWAY_PORT", "70000"),
        ("IGW_GATEWAY_PORT", "eighty-eighty"),
        ("IGW_GATEWAY_WORKERS", "-977"),
        ("IGW_SYNC_TASKS_FROM", "01.11.2026"),
        ("IGW_NIGHTLY_AT", "24:00"),
        ("IGW_POLL_INTERVAL_SECONDS", "-977"),
        ("IGW_LOG_LEVEL", "CHATTY"),
        ("IGW_WEBHOOK_MAX_BYTES", "-977"),
        ("IGW_PEOPLEFORCE_REQUESTS_PER_SECOND", "-977"),
    ],
)
def test_a_wrong_value_is_found_by_its_variable_and_never_repeated(findings, variable, value):
    [finding] = findings(**{variable: value})

    assert finding.subject == variable
    assert value not in finding.problem + finding.remedy
    assert "secrets/.env.example" in finding.remedy


def test_credentials_in_the_clear_are_allowed_to_this_machine_only(given):
    local = given(**REAL | {"IGW_JIRA_BASE_URL": "http://127.0.0.1:8099/"})

    assert local.jira.base_url == "http://127.0.0.1:8099"


def test_all_findings_come_at_once(findings):
    subjects = {finding.subject for finding in findings(IGW_GATEWAY_PORT="0", IGW_LOG_LEVEL="LOUD")}

    assert subjects == {"IGW_GATEWAY_PORT", "IGW_LOG_LEVEL"}


def test_the_error_is_a_list_that_a_person_can_work_off(given):
    with pytest.raises(InvalidSettingsError, match=r"(?s)cannot be used:\n  - IGW_.*Remedy: "):
        given(IGW_GATEWAY_PORT="8091")


def test_no_secret_shows_wherever_the_settings_are_printed(given):
    secrets = {
        **REAL,
        "IGW_DATABASE_URL": "postgresql+psycopg://igw:db-password@db.internal/igw",
        "IGW_REDIS_URL": "redis://:redis-password@redis.internal/0",
        "IGW_BROKER_URL": "redis://:broker-password@redis.internal/1",
    }
    settings = given(**secrets)
    access = f"{settings.peopleforce!r} {settings.jira!r}"
    printed = [
        repr(settings),
        str(settings),
        repr(settings.model_dump()),
        json.dumps(settings.model_dump(mode="json")),
        settings.model_dump_json(),
        access,
    ]

    for word in ("9f3a", "71bc", "hook-secret", "password"):
        assert word not in " ".join(printed)
    assert settings.resolved_database_url == secrets["IGW_DATABASE_URL"]
    assert settings.resolved_broker_url == secrets["IGW_BROKER_URL"]


def test_a_wrong_setting_beside_secrets_does_not_show_them(given):
    with pytest.raises(InvalidSettingsError) as caught:
        given(**REAL, IGW_GATEWAY_PORT="none")

    shown = f"{caught.value} {caught.value!r} {caught.value.__context__!r}"
    assert "9f3a" not in shown
    assert "71bc" not in shown
    assert "hook-secret" not in shown


def test_the_environment_wins_over_the_file(given, settings_env, tmp_path):
    file = tmp_path / "own.env"
    file.write_text("IGW_GATEWAY_PORT=9001\nIGW_FLOWER_PORT=9002\n")

    settings = given(IGW_ENV_FILE=str(file), IGW_GATEWAY_PORT="9003")

    assert (settings.gateway_port, settings.flower_port) == (9003, 9002)


def test_a_secret_may_be_a_file_of_its_own_and_the_environment_wins_over_it(
    given, settings_env, tmp_path
):
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "igw_jira_api_token").write_text("token-in-a-file\n")
    (secrets / "IGW_JIRA_WEBHOOK_SECRETS").write_text("old, new\n")
    (secrets / "igw_jira_email").write_text("file@acme.example")
    (secrets / "igw_slack_webhook_url").write_text("")
    given_elsewhere = {
        name: value
        for name, value in REAL.items()
        if name not in {"IGW_JIRA_API_TOKEN", "IGW_JIRA_WEBHOOK_SECRETS"}
    }

    settings = given(**given_elsewhere, IGW_SECRETS_DIR=str(secrets))

    assert settings.jira_api_token.get_secret_value() == "token-in-a-file"
    assert [one.get_secret_value() for one in settings.jira_webhook_secrets] == ["old", "new"]
    assert settings.jira_email == REAL["IGW_JIRA_EMAIL"]
    assert settings.slack is None


def test_defaults_are_filled_in_from_the_data_folder_and_the_own_redis(given, tmp_path):
    settings = given(IGW_DATA_DIR=str(tmp_path / "here"), IGW_REDIS_PORT="6400")

    folder = tmp_path / "here" / "sandbox"
    assert settings.resolved_database_url == f"sqlite:///{folder / 'gateway.db'}"
    assert settings.resolved_redis_url == "redis://127.0.0.1:6400/1"
    assert settings.resolved_broker_url == settings.resolved_redis_url
    assert settings.embedded_redis


def test_real_vendors_get_a_database_that_the_sandbox_never_wrote_to(given, tmp_path):
    sandbox = given(IGW_DATA_DIR=str(tmp_path))
    real = given(**REAL)

    assert real.resolved_database_url == f"sqlite:///{tmp_path / 'gateway.db'}"
    assert real.resolved_database_url != sandbox.resolved_database_url
    assert real.resolved_redis_url != sandbox.resolved_redis_url


def test_the_data_folder_is_absolute_whatever_the_working_folder(given):
    assert given(IGW_DATA_DIR="~/gateway").data_dir == Path("~/gateway").expanduser()


@pytest.mark.parametrize(
    ("host", "bind", "url"),
    [
        ("10.0.0.7", "10.0.0.7:8080", "http://10.0.0.7:8080"),
        ("0.0.0.0", "0.0.0.0:8080", "http://127.0.0.1:8080"),  # noqa: S104
        ("::1", "[::1]:8080", "http://[::1]:8080"),
        ("::", "[::]:8080", "http://127.0.0.1:8080"),
    ],
)
def test_the_gateway_listens_where_it_can_be_called(given, host, bind, url):
    settings = given(IGW_GATEWAY_HOST=host, **REAL)

    assert settings.gateway_bind == bind
    assert settings.gateway_url == url


SLACK = "https://hooks.slack.com/services/T0/B0/planted"


@pytest.mark.parametrize("url", [SLACK, "http://127.0.0.1:9000/services/T0/B0/planted"])
def test_alerts_go_to_slack_or_to_a_stand_in_on_this_machine(given, url):
    assert given(IGW_SLACK_WEBHOOK_URL=url).slack.webhook_url.get_secret_value() == url


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/services/T0/B0/planted",
        "https://hooks.slack.com.evil.example/services/planted",
        "https://hooks.slack.com@evil.example/services/planted",
        "https://hooks.slack.com:8443/services/planted",
        "https://169.254.169.254/services/planted",
        "https://hooks.slack.com/triggers/planted",
        "https://hooks.slack.com/services/planted?to=elsewhere",
        "file://localhost/services/planted",
        "planted",
    ],
)
def test_alerts_go_nowhere_else_and_the_refusal_does_not_show_the_url(findings, url):
    [finding] = findings(IGW_SLACK_WEBHOOK_URL=url)

    assert finding.subject == "IGW_SLACK_WEBHOOK_URL"
    assert "https://hooks.slack.com/services/" in finding.problem
    assert "planted" not in str(finding)


@pytest.mark.parametrize(
    "token", ["planted", "1:planted/../setWebhook", "1:planted?x", "1:pl anted"]
)
def test_a_token_that_could_lead_elsewhere_is_refused_and_not_shown(findings, token):
    [finding] = findings(IGW_TELEGRAM_BOT_TOKEN=token, IGW_TELEGRAM_CHAT_ID="-1001")

    assert finding.subject == "IGW_TELEGRAM_BOT_TOKEN"
    assert "planted" not in str(finding)


@pytest.mark.parametrize(
    ("given_one", "missing"),
    [
        ({"IGW_TELEGRAM_BOT_TOKEN": "1:planted"}, "IGW_TELEGRAM_CHAT_ID"),
        ({"IGW_TELEGRAM_CHAT_ID": "@acme_ops"}, "IGW_TELEGRAM_BOT_TOKEN"),
    ],
)
def test_half_of_telegram_is_named_with_a_remedy(findings, given_one, missing):
    [finding] = findings(**given_one)

    assert finding.subject == missing
    assert "set both" in finding.remedy


def test_links_lead_to_the_gateway_unless_people_reach_it_elsewhere(given):
    assert given().resolved_public_url == "http://127.0.0.1:8080"
    settings = given(IGW_PUBLIC_URL="https://gateway.acme.example/")
    assert settings.resolved_public_url == "https://gateway.acme.example"


def test_a_public_url_that_is_none_is_refused(findings):
    [finding] = findings(IGW_PUBLIC_URL="gateway.acme.example")
    assert finding.subject == "IGW_PUBLIC_URL"
