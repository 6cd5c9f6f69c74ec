"""The web tier: where it listens, how much it takes in at a time, where people reach it."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator

from core.settings.kinds import Key, Port


class WebTier(BaseModel):
    """The gateway's own server, Flower behind it, and the metrics."""

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
    flower_host: str = Field(
        default="127.0.0.1", description="Host at which the gateway reaches Flower."
    )
    flower_port: Port = Field(default=5555, description="Port of Flower.")
    metrics_token: Key | None = Field(
        default=None,
        description="Token that Prometheus sends to read /metrics, 32 characters or more; empty: "
        "only this machine may read it.",
    )

    @field_validator("public_url")
    @classmethod
    def _plain_public_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
            message = "is not a URL; write it with https:// in front"
            raise ValueError(message)
        return value.rstrip("/")

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


def _host_and_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
