"""Every setting of the gateway, read from the environment, `secrets/.env` and files of secrets.

Each module holds the settings of one concern; `Settings` is all of them. A field's description is
what `secrets/.env.example` says of it; a structure test holds the two together. Secrets are
`SecretStr`, so they print as stars wherever they turn up.
"""

from __future__ import annotations

from functools import cache

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.access import (
    JiraAccess,
    PeopleForceAccess,
    SlackAccess,
    TelegramAccess,
    VendorMode,
    is_loopback,
)
from core.contradictions import contradictions
from core.environment import PREFIX, ROOT, env_file, secrets_dir, variable
from core.findings import Finding, InvalidSettingsError
from core.settings.alerts import Alerts
from core.settings.logging import Logging
from core.settings.logging_in import LoggingIn
from core.settings.places import Places
from core.settings.vendors import (
    SANDBOX_API_KEY,
    SANDBOX_JIRA_EMAIL,
    SANDBOX_JIRA_TOKEN,
    SANDBOX_WEBHOOK_SECRET,
    Vendors,
)
from core.settings.web import WebTier
from core.settings.work import Flow, Workers

__all__ = [
    "PREFIX",
    "ROOT",
    "SANDBOX_API_KEY",
    "SANDBOX_JIRA_EMAIL",
    "SANDBOX_JIRA_TOKEN",
    "SANDBOX_WEBHOOK_SECRET",
    "JiraAccess",
    "PeopleForceAccess",
    "Settings",
    "SlackAccess",
    "TelegramAccess",
    "VendorMode",
    "contradictions",
    "env_file",
    "get_settings",
    "is_loopback",
    "load_settings",
    "variable",
]


# Pydantic takes the fields of the last base first: this is the order of secrets/.env.example,
# read backwards.
class Settings(Logging, Alerts, Flow, Vendors, Workers, LoggingIn, WebTier, Places, BaseSettings):
    """What the environment and `secrets/.env` say; the environment wins.

    Build it with `get_settings`, which also checks the settings against each other.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    @property
    def resolved_database_url(self) -> str:
        """The database to use, with the default filled in.

        The sandbox has one of its own: its issue ids exist in every real Jira as well, where they
        belong to other people's issues.
        """
        if self.database_url:
            return self.database_url.get_secret_value()
        folder = self.data_dir / "sandbox" if self.mode is VendorMode.SANDBOX else self.data_dir
        return f"sqlite:///{folder / 'gateway.db'}"

    @property
    def resolved_redis_url(self) -> str:
        """The Redis to use, with the default filled in; the sandbox has a database of its own."""
        if self.redis_url:
            return self.redis_url.get_secret_value()
        number = 1 if self.mode is VendorMode.SANDBOX else 0
        return f"redis://127.0.0.1:{self.redis_port}/{number}"

    @property
    def resolved_broker_url(self) -> str:
        """The broker to use: by default the same Redis."""
        return self.broker_url.get_secret_value() if self.broker_url else self.resolved_redis_url

    @property
    def resolved_default_project(self) -> str:
        """The project of the default rule; empty when there is none."""
        if self.mode is VendorMode.SANDBOX:
            return self.default_project or "HR"
        return self.default_project


def load_settings() -> Settings:
    """Read the settings and check them, each alone and all together.

    Raises `InvalidSettingsError` with every finding, not only the first: a person mends them in
    one go.
    """
    try:
        settings = Settings(_env_file=env_file(), _secrets_dir=secrets_dir())
    except ValidationError as error:
        raise InvalidSettingsError(
            [
                Finding(
                    subject=variable(str(issue["loc"][0])) if issue["loc"] else "settings",
                    problem=issue["msg"].removeprefix("Value error, "),
                    remedy=f"correct it in the environment or in {env_file()}; "
                    "secrets/.env.example says what is expected",
                )
                for issue in error.errors(include_input=False, include_url=False)
            ]
        ) from None
    findings = contradictions(settings)
    if findings:
        raise InvalidSettingsError(findings)
    return settings


@cache
def get_settings() -> Settings:
    """Give this process's settings, read once."""
    return load_settings()
