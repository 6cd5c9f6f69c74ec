"""Where the gateway's things are: its files, its database, its Redis, its broker."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field, SecretStr, field_validator

from core.environment import ROOT
from core.settings.kinds import Port

BROKERS = ("redis", "rediss", "sentinel", "amqp", "amqps")
"""Ways to reach a broker that Celery's settings here are made for."""


class Places(BaseModel):
    """Files, database, Redis and broker."""

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
        default=None,
        description="Celery's broker: empty for the same Redis, or RabbitMQ, "
        "amqp://user:password@host/vhost, a virtual host for each gateway. Redis goes on keeping "
        "locks, rate limits and caches.",
    )
    redis_port: Port = Field(default=6390, description="Port of the gateway's own Redis.")

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

    @field_validator("data_dir", "domains_dir")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value and value.expanduser().resolve()

    @property
    def embedded_redis(self) -> bool:
        """Whether `igw up` starts a Redis of its own."""
        return self.redis_url is None


def _scheme(url: SecretStr | None) -> str:
    """Give what stands before `://`; "" for no URL, and the whole text where nothing does."""
    return url.get_secret_value().partition("://")[0].lower() if url else ""
