"""Domains: a folder below `tasks/` with a `domain.toml` that says what it needs.

Queues, routes, beat's schedule and the routes of webhooks and commands are all built from these
files, so adding a domain edits no other file.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from core.command_specs import DomainCommand
from core.declarations import Declaration, Name
from core.findings import Finding, InvalidSettingsError
from core.settings import ROOT, Settings, get_settings

Source = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
SettingValue = bool | int | float | str


def _must_be_a_setting(key: str, field: str) -> None:
    if field not in Settings.model_fields:
        message = f"{key} names {field!r}, which is no field of core.settings.Settings"
        raise ValueError(message)


class DomainWebhook(Declaration):
    """A source of webhooks: where they come in, how they are signed, who takes which topic."""

    source: Source
    signature: str
    """Module with `verify` and `identify`; see `core.webhooks`."""
    secrets: str
    """Field of `core.settings.Settings` that holds the secrets."""
    topics: dict[str, str]
    """Topic -> name of the task that takes a delivery's id."""
    bulk: tuple[str, ...] = ()
    """Topics that come in crowds when the gateway works on many records: others overtake them."""

    @model_validator(mode="after")
    def _existing_names(self) -> Self:
        _must_be_a_setting("secrets", self.secrets)
        for topic in self.bulk:
            if topic not in self.topics:
                message = f"bulk names {topic!r}, which is not one of the topics"
                raise ValueError(message)
        return self


class DomainSettingSpec(Declaration):
    """A value that an admin may change while everything runs."""

    key: Name
    title: str
    type: Literal["bool", "int", "str"]
    default: SettingValue | None = None
    default_from: str | None = None
    """Field of `core.settings.Settings` that gives the default."""
    minimum: int | None = None
    maximum: int | None = None
    pattern: str | None = None
    form: str | None = None
    """What the pattern asks for, in words for a person: `HH:MM`."""

    @model_validator(mode="after")
    def _one_default(self) -> Self:
        if (self.default is None) == (self.default_from is None):
            message = "give either default or default_from"
            raise ValueError(message)
        if self.default_from is not None:
            _must_be_a_setting("default_from", self.default_from)
        return self


class DomainSchedule(Declaration):
    """Work that beat starts: every so many seconds, or once a day at a time in UTC."""

    name: Name
    task: str
    every: Name | None = None
    """Key of the domain setting with the interval in seconds."""
    every_seconds: int | None = Field(default=None, ge=1)
    """A fixed interval, for chores that nobody needs to change."""
    daily: Name | None = None
    """Key of the domain setting with the time of day, HH:MM."""
    paused: Name | None = None
    """Key of the domain setting that pauses it."""

    @model_validator(mode="after")
    def _one_rhythm(self) -> Self:
        if sum(rhythm is not None for rhythm in (self.every, self.every_seconds, self.daily)) != 1:
            message = "give exactly one of every, every_seconds and daily"
            raise ValueError(message)
        return self


@dataclass(frozen=True)
class Worker:
    """A worker of a domain, and the queues that it reads in turn."""

    name: str
    queue: str
    bulk: str | None = None
    """The queue of work on many records at once, which what is urgent overtakes."""

    @property
    def queues(self) -> tuple[str, ...]:
        """All its queues."""
        return (self.queue, self.bulk) if self.bulk else (self.queue,)


class Domain(Declaration):
    """One domain as its `domain.toml` declares it."""

    name: Name
    title: str
    queue: Name
    awaited: tuple[str, ...] = ()
    """Tasks besides the commands for whose end a page waits; they go the commands' way."""
    webhooks: tuple[DomainWebhook, ...] = ()
    commands: tuple[DomainCommand, ...] = ()
    schedules: tuple[DomainSchedule, ...] = ()
    settings: tuple[DomainSettingSpec, ...] = ()
    folder: Path = Field(exclude=True)

    def setting(self, key: str) -> DomainSettingSpec:
        """Give the declaration of one setting; `KeyError` where there is none."""
        for spec in self.settings:
            if spec.key == key:
                return spec
        raise KeyError(f"{self.name}.{key}")

    @property
    def workers(self) -> tuple[Worker, ...]:
        """Its worker; where there are commands, another for them, because somebody waits for those.

        A long batch would hold them beyond their deadline, and hanging ones would hold the batch.
        """
        usual = Worker(self.name, self.queue, self.bulk_queue)
        if not self.awaited_tasks:
            return (usual,)
        return (usual, Worker(f"{self.name}-commands", self.commands_queue))

    @property
    def bulk_queue(self) -> str:
        """The queue of work on many records at once."""
        return f"{self.queue}.bulk"

    @property
    def commands_queue(self) -> str:
        """The queue of what somebody waits for."""
        return f"{self.queue}.commands"

    @property
    def awaited_tasks(self) -> tuple[str, ...]:
        """Names of the tasks for which a caller or a page waits."""
        return (*(command.task for command in self.commands), *self.awaited)

    @property
    def tasks(self) -> list[str]:
        """Names of the tasks that the file gives work to."""
        return [
            *(schedule.task for schedule in self.schedules),
            *self.awaited_tasks,
            *(task for webhook in self.webhooks for task in webhook.topics.values()),
        ]

    @property
    def task_modules(self) -> list[str]:
        """Modules that the worker imports to find the domain's tasks."""
        return sorted(
            f"tasks.{self.name}.{path.stem}"
            for path in self.folder.glob("*.py")
            if path.stem != "__init__"
        )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.name != self.folder.name:
            message = f"name is {self.name!r} but the folder is {self.folder.name!r}"
            raise ValueError(message)
        known = {spec.key for spec in self.settings}
        for schedule in self.schedules:
            for key in (schedule.every, schedule.daily, schedule.paused):
                if key is not None and key not in known:
                    message = f"schedule {schedule.name!r} names the setting {key!r}, which is "
                    raise ValueError(message + "not declared under [[settings]]")
        for name, count in Counter(command.name for command in self.commands).items():
            if count > 1:
                message = f"declares the command {name!r} twice"
                raise ValueError(message)
        for task in self.tasks:
            # Routes go by this prefix: another name would go to a queue that nobody of ours reads.
            if not task.startswith(f"{self.name}."):
                message = f"names the task {task!r}, which is not one of {self.name}.*"
                raise ValueError(message)
        return self


def read_domain(path: Path) -> Domain:
    """Read one `domain.toml`.

    Raises `InvalidSettingsError` whose findings name the file, the key and the remedy.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return Domain.model_validate({**content, "folder": path.parent})
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettingsError(
            [Finding(str(path), f"is not valid TOML: {error}", "correct the line it names")]
        ) from error
    except ValidationError as error:
        raise InvalidSettingsError(
            [
                Finding(
                    f"{path}, key {'.'.join(map(str, issue['loc'])) or '(whole file)'}",
                    issue["msg"].removeprefix("Value error, "),
                    "correct the key; tasks/pf_jira/domain.toml shows every kind of entry",
                )
                for issue in error.errors(include_url=False)
            ]
        ) from error


def all_workers(domains: Iterable[Domain]) -> list[Worker]:
    """Give the workers of some domains; their queues are all queues there are."""
    return [worker for domain in domains for worker in domain.workers]


def load_domains() -> tuple[Domain, ...]:
    """Read all domains, by name: those of the gateway, and those of `IGW_DOMAINS_DIR`.

    Raises `InvalidSettingsError` where a file is wrong or two domains claim one thing.
    """
    further = get_settings().domains_dir
    return read_domains(ROOT / "tasks", *([further] if further else []))


@cache
def read_domains(*folders: Path) -> tuple[Domain, ...]:
    """Read the domains of some folders, by name; raises as `load_domains` does."""
    paths = [path for folder in folders for path in folder.glob("*/domain.toml")]
    domains = tuple(sorted(map(read_domain, paths), key=lambda domain: domain.name))
    claims: dict[tuple[str, str], str] = {}
    for domain in domains:
        things = [
            ("name", domain.name),
            ("queue", domain.queue),
            *(("source", hook.source) for hook in domain.webhooks),
        ]
        for thing in things:
            if thing in claims:
                raise InvalidSettingsError(
                    [
                        Finding(
                            f"tasks/{domain.name}/domain.toml",
                            f"claims the {thing[0]} {thing[1]!r}, as {claims[thing]} does",
                            "give each domain its own",
                        )
                    ]
                )
            claims[thing] = domain.name
    return domains


def get_domain(name: str) -> Domain:
    """Give one domain by its name; `KeyError` where there is none."""
    for domain in load_domains():
        if domain.name == name:
            return domain
    raise KeyError(name)
