"""Domains: a mistake in a `domain.toml` is named with file, key and remedy."""

from __future__ import annotations

import pytest

from core.domains import get_domain, load_domains, read_domain, read_domains
from core.findings import InvalidSettingsError
from core.models import Role
from core.settings import get_settings

GOOD = """
name = "crm"
title = "CRM"
queue = "crm"

[[webhooks]]
source = "crm"
signature = "connectors.jira.signature"
secrets = "jira_webhook_secrets"

[webhooks.topics]
"deal.updated" = "crm.handle_deliveries"

[[schedules]]
name = "poll"
task = "crm.poll"
every = "poll_seconds"

[[settings]]
key = "poll_seconds"
title = "Seconds between two polls"
type = "int"
default = 60

[[commands]]
name = "find"
title = "Find a deal"
task = "crm.find"
role = "operator"

[commands.arguments.deal]
title = "The deal's number"
type = "str"
required = true
pattern = "D-[0-9]+"
form = "D-7"
"""

TWICE = """name = "find"
title = "Once more"
task = "crm.find"

[[commands]]
name = "find\""""


@pytest.fixture
def write(tmp_path):
    def make(content, folder="crm"):
        path = tmp_path / folder / "domain.toml"
        path.parent.mkdir(parents=True)
        path.write_text(content, encoding="utf-8")
        return path

    return make


@pytest.fixture
def finding(write):
    """Give the one thing that is wrong with a file."""

    def find(content):
        path = write(content)
        with pytest.raises(InvalidSettingsError) as caught:
            read_domain(path)
        [found] = caught.value.findings
        assert found.subject.startswith(str(path))
        assert found.remedy
        return found

    return find


def test_a_good_file_is_read(write):
    domain = read_domain(write(GOOD))

    assert (domain.name, domain.queue) == ("crm", "crm")
    assert domain.setting("poll_seconds").default == 60
    assert domain.webhooks[0].topics == {"deal.updated": "crm.handle_deliveries"}
    [command] = domain.commands
    assert (command.name, command.role, command.arguments["deal"].required) == (
        "find",
        Role.OPERATOR,
        True,
    )


def test_a_setting_that_is_not_declared_is_a_key_error(write):
    with pytest.raises(KeyError, match=r"crm\.poll_minutes"):
        read_domain(write(GOOD)).setting("poll_minutes")


def test_what_is_not_toml_is_named_with_its_line(finding):
    found = finding(GOOD.replace('title = "CRM"', "title = CRM"))
    assert "line 3" in found.problem


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ('queue = "crm"', "", "queue"),
        ('queue = "crm"', 'queue = "CRM!"', "queue"),
        ('title = "CRM"', 'title = "CRM"\ncolour = "red"', "colour"),
        ('type = "int"', 'type = "number"', "settings.0.type"),
        ('source = "crm"', 'source = "c r m"', "webhooks.0.source"),
        ("default = 60", "", "settings.0"),
        ("default = 60", 'default = 60\ndefault_from = "nightly_at"', "settings.0"),
        ('every = "poll_seconds"', "", "schedules.0"),
        ('every = "poll_seconds"', 'every = "poll_seconds"\nevery_seconds = 5', "schedules.0"),
        ('name = "find"', 'name = "Find!"', "commands.0.name"),
        ('task = "crm.find"', "", "commands.0.task"),
        ('role = "operator"', 'role = "king"', "commands.0.role"),
        ('type = "str"', 'type = "date"', "commands.0.arguments.deal.type"),
        ("required = true", "required = true\nsecret = 1", "commands.0.arguments.deal.secret"),
        ('pattern = "D-[0-9]+"', 'pattern = "D-["', "commands.0.arguments.deal"),
        ('type = "str"', 'type = "int"', "commands.0.arguments.deal"),
    ],
)
def test_a_wrong_key_is_named(finding, before, after, key):
    assert finding(GOOD.replace(before, after, 1)).subject.endswith(f", key {key}")


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ('name = "crm"', 'name = "sales"', "the folder is 'crm'"),
        ('every = "poll_seconds"', 'every = "interval"', "'interval', which is not declared"),
        ('task = "crm.poll"', 'task = "sales.poll"', "'sales.poll', which is not one of"),
        ('"crm.handle_deliveries"', '"pf_jira.x"', "'pf_jira.x', which is not one of"),
        ('secrets = "jira_webhook_secrets"', 'secrets = "crm_secrets"', "'crm_secrets'"),
        (
            'secrets = "jira_webhook_secrets"',
            'secrets = "jira_webhook_secrets"\nbulk = ["x.made"]',
            "'x.made', which is not one of the topics",
        ),
        ("default = 60", 'default_from = "poll_secs"', "'poll_secs'"),
        ('task = "crm.find"', 'task = "pf_jira.find"', "'pf_jira.find', which is not one of"),
        ('pattern = "D-[0-9]+"', 'pattern = "D-["', "no regular expression"),
        ('name = "find"', TWICE, "declares the command 'find' twice"),
    ],
)
def test_parts_that_contradict_each_other_are_found(finding, before, after, problem):
    assert problem in finding(GOOD.replace(before, after, 1)).problem


def test_two_domains_cannot_share_a_queue(write):
    write(GOOD)
    second = GOOD.replace('name = "crm"', 'name = "sales"').replace("crm.", "sales.")
    path = write(second.replace('source = "crm"', 'source = "sales"'), folder="sales")

    with pytest.raises(InvalidSettingsError) as caught:
        read_domains(path.parent.parent)

    [found] = caught.value.findings
    assert found.subject == "tasks/sales/domain.toml"
    assert found.problem == "claims the queue 'crm', as crm does"
    assert found.remedy == "give each domain its own"


def test_two_domains_cannot_share_a_source_of_webhooks(write):
    write(GOOD)
    second = GOOD.replace('name = "crm"', 'name = "sales"').replace("crm.", "sales.")
    path = write(second.replace('queue = "crm"', 'queue = "sales"'), folder="sales")

    with pytest.raises(InvalidSettingsError, match="claims the source 'crm', as crm does"):
        read_domains(path.parent.parent)


def test_the_modules_of_a_domain_are_what_its_worker_imports(write):
    path = write(GOOD)
    for name in ("__init__", "poll", "deliveries"):
        (path.parent / f"{name}.py").touch()

    assert read_domain(path).task_modules == ["tasks.crm.deliveries", "tasks.crm.poll"]


def test_a_domain_is_found_by_its_name():
    assert get_domain("pf_jira").queue == "pf_jira"
    with pytest.raises(KeyError):
        get_domain("nobody")


def test_domains_of_ones_own_come_beside_those_of_the_gateway(write, settings_env):
    path = write(GOOD)
    settings_env.setenv("IGW_DOMAINS_DIR", str(path.parent.parent))
    get_settings.cache_clear()

    assert [domain.name for domain in load_domains()] == ["crm", "ops", "pf_jira"]


def test_a_domain_of_ones_own_takes_nobodys_name(write, settings_env):
    path = write(GOOD.replace('"crm"', '"ops"').replace("crm.", "ops."), folder="ops")
    settings_env.setenv("IGW_DOMAINS_DIR", str(path.parent.parent))
    get_settings.cache_clear()

    with pytest.raises(InvalidSettingsError) as error:
        load_domains()

    assert "claims the name 'ops'" in str(error.value)
