"""Every setting of the gateway, read from the environment and `secrets/.env`.

A field's description is what `secrets/.env.example` says of it; a structure test holds the two
together. Secrets are `SecretStr`, so they print as stars wherever they turn up.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.access import (
    JiraAccess,
    PeopleForceAccess,
    SlackAccess,
    TelegramAccess,
    VendorMode,
    base_url,
    e_mail,
    is_loopback,
    slack_webhook_url,
)
from core.contradictions import contradictions
from core.environment import PREFIX, ROOT, env_file, variable
from core.findings import Finding, InvalidSettingsError

__all__ = [
    "PREFIX",
    "ROOT",
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

SANDBOX_API_KEY = "sandbox-key"
SANDBOX_JIRA_EMAIL = "gateway@acme.example"
SANDBOX_JIRA_TOKEN = "sandbox-token"  # noqa: S105 - opens nothing but the stand-in on loopback
SANDBOX_WEBHOOK_SECRET = "sandbox-webhook-secret"  # noqa: S105 - as above

SHORTEST_KEY = 32
"""Characters of a key that signs cookies: as hexadecimal digits, that is 128 bits."""

BROKERS = ("redis", "rediss", "sentinel", "amqp", "amqps")
"""Ways to reach a broker that Celery's settings here are made for."""

Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(BaseSettings):
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

    # Where things are
    data_dir: Path = Field(
        default=ROOT / "data",
        description="Folder of the database, the embedded Redis, the sandbox and the log files.",
    )
    domains_dir: Path | None = Field(
        default=None,
        description="Folder with domains of your own, each as docs/new-domain.md describes it, "
        "beside those that come with the gateway. Empty: there are no others.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="SQLAlchemy URL; empty: SQLite in the data folder. PostgreSQL: "
        "postgresql+psycopg://user:password@host/name (needs the extra `postgresql`).",
    )
    redis_url: SecretStr | None = Field(
        default=None,
        description="Redis for locks, rate limits and caches; empty: our own on IGW_REDIS_PORT.",
    )
    broker_url: SecretStr | None = Field(
        default=None, description="Celery's broker; empty: the same Redis."
    )
    redis_port: Port = Field(default=6390, description="Port of the gateway's own Redis.")

    # The web tier
    gateway_host: str = Field(
        default="127.0.0.1", description="Address that the gateway listens on."
    )
    gateway_port: Port = Field(default=8080, description="Port of the gateway and its dashboard.")
    gateway_workers: int = Field(default=2, ge=1, le=64, description="gunicorn worker processes.")
    gateway_threads: int = Field(
        default=8,
        ge=1,
        le=256,
        description="Threads in each gunicorn worker process for webhooks and pages; those of "
        "waiting callers and of live pages come on top.",
    )
    command_callers: int = Field(
        default=32,
        ge=1,
        le=256,
        description="Callers of commands that may wait for an answer at a time, all processes "
        "together; one more is sent away at once.",
    )
    command_seconds: float = Field(
        default=25.0,
        gt=0,
        le=25,
        description="Seconds that a caller of a command waits before being told to fetch the "
        "answer later.",
    )
    event_streams: int = Field(
        default=64,
        ge=1,
        le=1024,
        description="Live pages that may be open at a time, all processes together; one more is "
        "told to come back.",
    )
    public_url: str = Field(
        default="",
        description="Where people reach the gateway, for the links in alerts; empty: its own "
        "address on this machine.",
    )
    trusted_proxies: int = Field(
        default=0,
        ge=0,
        le=10,
        description="Proxies in front of the gateway, each of which adds itself to X-Forwarded-For "
        "and X-Forwarded-Proto; 0: such headers are not believed.",
    )
    webhook_max_bytes: int = Field(
        default=26_214_400,
        ge=1024,
        description="Largest webhook body; 25 MB is the most that Jira sends.",
    )
    flower_port: Port = Field(default=5555, description="Port of Flower, on loopback.")

    # Logging in
    google_client_id: str = Field(
        default="",
        description="OAuth client of the company at Google (Google Cloud console, Credentials). "
        "Empty: nobody can log in with Google.",
    )
    google_client_secret: SecretStr | None = Field(
        default=None, description="Secret of that OAuth client."
    )
    google_hosted_domains: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Google Workspace domains whose people may log in, separated by commas; "
        "nobody else may, whoever invited them.",
    )
    invited_only: bool = Field(
        default=False,
        description="Whether people of these domains need an invitation; if not, whoever logs in "
        "for the first time becomes a viewer.",
    )
    first_admin: str = Field(
        default="",
        description="E-mail of who becomes admin by logging in, as long as there is no admin.",
    )
    session_hours: float = Field(
        default=12.0, gt=0, le=720, description="Hours after which everybody has to log in again."
    )
    session_idle_minutes: float = Field(
        default=120.0,
        ge=5,
        le=43_200,
        description="Minutes without a request after which somebody has to log in again.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="Key that signs the cookies, 32 characters or more; empty: a key is made at "
        "the first start and kept in the data folder.",
    )
    dev_login: bool | None = Field(
        default=None,
        description="Whether anybody on this machine may log in without a password, in any role: "
        "for the sandbox alone. Empty: on where `igw up` starts the sandbox, otherwise off.",
    )

    # Workers
    worker_concurrency: int = Field(
        default=2, ge=1, le=64, description="Processes that each domain's worker runs at a time."
    )

    # PeopleForce
    peopleforce_base_url: str = Field(
        default="https://app.peopleforce.io/api/public/v3",
        description="PeopleForce's API; a tenant host works too.",
    )
    peopleforce_api_key: SecretStr | None = Field(
        default=None, description="Company API key (Settings, API keys). Empty: the sandbox."
    )
    peopleforce_requests_per_second: float = Field(
        default=4.0, gt=0, le=100, description="Calls per second, all processes together."
    )

    # Jira
    jira_base_url: str = Field(
        default="",
        description="https://<site>.atlassian.net, or https://api.atlassian.com/ex/jira/<cloudId> "
        "for a scoped token. Empty: the sandbox.",
    )
    jira_email: str = Field(default="", description="E-mail of the gateway's own Jira account.")
    jira_api_token: SecretStr | None = Field(
        default=None, description="API token of that account; it expires, at most a year on."
    )
    jira_requests_per_second: float = Field(
        default=20.0, gt=0, le=100, description="Calls per second, all processes together."
    )
    jira_webhook_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Secrets of Jira's webhook, separated by commas; all of them are accepted, so "
        "that a secret can be exchanged without downtime.",
    )
    jira_index_trust_seconds: float = Field(
        default=180.0,
        ge=0,
        description="Age at which Jira's search is trusted not to know an issue that we may have "
        "created: before that, a create whose answer was lost is looked for again, not repeated.",
    )

    # The flow
    default_project: str = Field(
        default="",
        description="Jira project key for the default rule, made at the first start. Empty with "
        "real vendors: tasks stay unrouted until a rule is made. In the sandbox: HR.",
    )
    default_issue_type: str = Field(
        default="Task", description="Issue type (name or id) for the default rule."
    )
    sync_tasks_from: date | None = Field(
        default=None,
        description="Tasks created before this day (YYYY-MM-DD) are left alone. Empty: none are.",
    )
    poll_interval_seconds: int = Field(
        default=60,
        ge=5,
        le=86_400,
        description="Seconds between polls until an admin sets another interval.",
    )
    nightly_at: str = Field(
        default="02:30",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="Time of the nightly work, UTC, HH:MM.",
    )

    # Alerts
    slack_webhook_url: SecretStr | None = Field(
        default=None,
        description="Slack's incoming webhook for alerts, https://hooks.slack.com/services/...; "
        "who knows the URL can post to the channel. Empty: no alert goes to Slack.",
    )
    telegram_bot_token: SecretStr | None = Field(
        default=None,
        description="Token of the Telegram bot that alerts come from when Slack takes none; needs "
        "IGW_TELEGRAM_CHAT_ID. Empty: no alert goes to Telegram.",
    )
    telegram_chat_id: str = Field(
        default="",
        pattern=r"^(-?\d+|@\w+)?$",
        description="Chat that those alerts go to: its number, or @name of a channel.",
    )
    telegram_base_url: str = Field(
        default="https://api.telegram.org",
        description="Telegram's Bot API; a Bot API server of your own works too.",
    )

    # The sandbox
    sandbox_peopleforce_port: Port = Field(
        default=8091, description="Port of the PeopleForce stand-in and of the sandbox page."
    )
    sandbox_jira_port: Port = Field(default=8092, description="Port of the Jira stand-in.")

    # Logging
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Lowest level that is logged."
    )
    log_format: Literal["json", "text"] = Field(
        default="json", description="json for machines, text for a terminal."
    )
    seq_url: str = Field(
        default="",
        description="Seq server that the log is shipped to, such as http://seq:5341. Empty: none.",
    )
    seq_api_key: SecretStr | None = Field(
        default=None, description="API key of Seq, with the permission Ingest; empty: none."
    )
    seq_buffer_mb: int = Field(
        default=16,
        ge=1,
        le=1024,
        description="Megabytes of log that each process keeps for Seq while Seq takes nothing; "
        "then the oldest lines are left out.",
    )

    @field_validator("jira_webhook_secrets", "google_hosted_domains", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr | None) -> SecretStr | None:
        scheme = _scheme(value)
        if scheme not in {"", "sqlite", "postgresql+psycopg"}:
            message = "must begin with sqlite:/// or postgresql+psycopg://"
            raise ValueError(message)
        return value

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if _scheme(value) not in {"", "redis", "rediss", "unix"}:
            message = "must begin with redis://, rediss:// or unix://"
            raise ValueError(message)
        return value

    @field_validator("broker_url")
    @classmethod
    def _known_broker(cls, value: SecretStr | None) -> SecretStr | None:
        if _scheme(value) not in {"", *BROKERS}:
            message = f"must begin with one of {', '.join(f'{name}://' for name in BROKERS)}"
            raise ValueError(message)
        return value

    @field_validator("peopleforce_base_url", "jira_base_url", "telegram_base_url")
    @classmethod
    def _plain_base_url(cls, value: str) -> str:
        return base_url(value) if value else value

    @field_validator("slack_webhook_url")
    @classmethod
    def _genuine_webhook(cls, value: SecretStr | None) -> SecretStr | None:
        return value and SecretStr(slack_webhook_url(value.get_secret_value()))

    @field_validator("telegram_bot_token")
    @classmethod
    def _well_formed_token(cls, value: SecretStr | None) -> SecretStr | None:
        # It is sent as a part of the path, where anything else could lead elsewhere.
        if value and not re.fullmatch(r"\d+:[A-Za-z0-9_-]+", value.get_secret_value()):
            message = "is not a bot's token, which has the form 123456:ABC-def"
            raise ValueError(message)
        return value

    @field_validator("google_hosted_domains")
    @classmethod
    def _plain_domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        domains = tuple(domain.lower() for domain in value)
        for domain in domains:
            # The domains of mailboxes that anybody can open belong to no Workspace.
            if not re.fullmatch(r"([a-z0-9-]+\.)+[a-z0-9-]+", domain) or domain == "gmail.com":
                message = f"{domain!r} is not a Workspace domain, such as acme.example"
                raise ValueError(message)
        return domains

    @field_validator("first_admin")
    @classmethod
    def _plain_e_mail(cls, value: str) -> str:
        return e_mail(value) if value else value

    @field_validator("secret_key")
    @classmethod
    def _long_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value and len(value.get_secret_value()) < SHORTEST_KEY:
            message = (
                f"must have {SHORTEST_KEY} characters at least, such as `openssl rand -hex 32`"
            )
            raise ValueError(message)
        return value

    @field_validator("seq_url")
    @classmethod
    def _plain_seq_url(cls, value: str) -> str:
        parts = urlsplit(value)
        plain = parts.hostname and not (parts.username or parts.query or parts.fragment)
        if value and (parts.scheme not in {"http", "https"} or not plain):
            message = "is not a server's URL; write it as http://seq:5341, the key goes elsewhere"
            raise ValueError(message)
        return value.rstrip("/")

    @field_validator("public_url")
    @classmethod
    def _plain_public_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
            message = "is not a URL; write it with https:// in front"
            raise ValueError(message)
        return value.rstrip("/")

    @field_validator("data_dir", "domains_dir")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value and value.expanduser().resolve()

    @property
    def mode(self) -> VendorMode:
        """Sandbox as long as no credential of either vendor is set."""
        given = (self.peopleforce_api_key, self.jira_base_url, self.jira_email, self.jira_api_token)
        return VendorMode.REAL if any(given) else VendorMode.SANDBOX

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
    def embedded_redis(self) -> bool:
        """Whether `igw up` starts a Redis of its own."""
        return self.redis_url is None

    @property
    def peopleforce(self) -> PeopleForceAccess:
        """How to reach PeopleForce, or its stand-in."""
        if self.mode is VendorMode.SANDBOX:
            base_url = f"http://127.0.0.1:{self.sandbox_peopleforce_port}/api/public/v3"
            return PeopleForceAccess(
                base_url, SecretStr(SANDBOX_API_KEY), self.peopleforce_requests_per_second
            )
        return PeopleForceAccess(
            self.peopleforce_base_url,
            self.peopleforce_api_key or SecretStr(""),
            self.peopleforce_requests_per_second,
        )

    @property
    def jira(self) -> JiraAccess:
        """How to reach Jira, or its stand-in."""
        if self.mode is VendorMode.SANDBOX:
            base_url = f"http://127.0.0.1:{self.sandbox_jira_port}"
            return JiraAccess(
                base_url,
                SANDBOX_JIRA_EMAIL,
                SecretStr(SANDBOX_JIRA_TOKEN),
                self.jira_requests_per_second,
            )
        return JiraAccess(
            self.jira_base_url,
            self.jira_email,
            self.jira_api_token or SecretStr(""),
            self.jira_requests_per_second,
        )

    @property
    def slack(self) -> SlackAccess | None:
        """Where alerts go first; None when no webhook is set."""
        return SlackAccess(self.slack_webhook_url) if self.slack_webhook_url else None

    @property
    def telegram(self) -> TelegramAccess | None:
        """Where alerts go when Slack takes none; None when no bot is set."""
        if not self.telegram_bot_token:
            return None
        return TelegramAccess(
            self.telegram_base_url, self.telegram_bot_token, self.telegram_chat_id
        )

    @property
    def resolved_default_project(self) -> str:
        """The project of the default rule; empty when there is none."""
        if self.mode is VendorMode.SANDBOX:
            return self.default_project or "HR"
        return self.default_project

    def webhook_secrets(self, field: str) -> list[bytes]:
        """Give the secrets that a webhook source may sign with.

        `field` is the settings field that the source's `domain.toml` names. In the sandbox a fixed
        secret is used when none is set: the stand-in signs with it.
        """
        secrets: tuple[SecretStr, ...] = getattr(self, field)
        if not secrets and self.mode is VendorMode.SANDBOX:
            secrets = (SecretStr(SANDBOX_WEBHOOK_SECRET),)
        return [secret.get_secret_value().encode() for secret in secrets]

    @property
    def dev_login_on(self) -> bool:
        """Whether the log-in without a password is there."""
        return self.dev_login is True

    @property
    def google_on(self) -> bool:
        """Whether people can log in with Google."""
        return bool(self.google_client_id)

    @property
    def behind_tls(self) -> bool:
        """Whether people reach the gateway by https, so that cookies and headers can demand it."""
        return self.public_url.startswith("https://")

    @property
    def gateway_bind(self) -> str:
        """What the gateway listens on, as host and port."""
        return _host_and_port(self.gateway_host, self.gateway_port)

    @property
    def gateway_url(self) -> str:
        """Where this machine reaches the gateway."""
        host = "127.0.0.1" if self.gateway_host in {"0.0.0.0", "::"} else self.gateway_host  # noqa: S104 - compared, not bound
        return f"http://{_host_and_port(host, self.gateway_port)}"

    @property
    def resolved_public_url(self) -> str:
        """Where people reach the gateway, without a final slash."""
        return self.public_url or self.gateway_url


def _scheme(url: SecretStr | None) -> str:
    """Give what stands before `://`; "" for no URL, and the whole text where nothing does."""
    return url.get_secret_value().partition("://")[0].lower() if url else ""


def _host_and_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def load_settings() -> Settings:
    """Read the settings and check them, each alone and all together.

    Raises `InvalidSettingsError` with every finding, not only the first: a person mends them in
    one go.
    """
    try:
        settings = Settings(_env_file=env_file())
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
