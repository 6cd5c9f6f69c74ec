"""PeopleForce, Jira, and the sandbox that stands in for both until credentials are set."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr, field_validator

from core.access import JiraAccess, PeopleForceAccess, VendorMode, base_url
from core.settings.kinds import Listed, Port

SANDBOX_API_KEY = "sandbox-key"
SANDBOX_JIRA_EMAIL = "gateway@acme.example"
SANDBOX_JIRA_TOKEN = "sandbox-token"  # noqa: S105 - opens nothing but the stand-in on loopback
SANDBOX_WEBHOOK_SECRET = "sandbox-webhook-secret"  # noqa: S105 - as above


class PeopleForce(BaseModel):
    """How to reach PeopleForce."""

    peopleforce_base_url: str = Field(
        default="https://app.peopleforce.io/api/public/v3",
        description="PeopleForce's API; a tenant host works too.",
    )
    peopleforce_api_key: SecretStr | None = Field(
        default=None, description="Company API key (Settings, API keys). Empty: the sandbox."
    )
    peopleforce_requests_per_second: float = Field(
        default=4.0, gt=0, le=1000, description="Calls per second, all processes together."
    )


class Jira(BaseModel):
    """How to reach Jira, and how far to trust its search."""

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
        default=20.0, gt=0, le=1000, description="Calls per second, all processes together."
    )
    jira_webhook_secrets: Listed[SecretStr] = Field(
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


class Vendors(Jira, PeopleForce):
    """Both vendors, real or stood in for."""

    sandbox_peopleforce_port: Port = Field(
        default=8091, description="Port of the PeopleForce stand-in and of the sandbox page."
    )
    sandbox_jira_port: Port = Field(default=8092, description="Port of the Jira stand-in.")

    @field_validator("peopleforce_base_url", "jira_base_url")
    @classmethod
    def _plain_base_url(cls, value: str) -> str:
        return base_url(value) if value else value

    @property
    def mode(self) -> VendorMode:
        """Sandbox as long as no credential of either vendor is set."""
        given = (self.peopleforce_api_key, self.jira_base_url, self.jira_email, self.jira_api_token)
        return VendorMode.REAL if any(given) else VendorMode.SANDBOX

    @property
    def peopleforce(self) -> PeopleForceAccess:
        """How to reach PeopleForce, or its stand-in."""
        if self.mode is VendorMode.SANDBOX:
            return PeopleForceAccess(
                f"http://127.0.0.1:{self.sandbox_peopleforce_port}/api/public/v3",
                SecretStr(SANDBOX_API_KEY),
                self.peopleforce_requests_per_second,
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
            return JiraAccess(
                f"http://127.0.0.1:{self.sandbox_jira_port}",
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

    def webhook_secrets(self, field: str) -> list[bytes]:
        """Give the secrets that a webhook source may sign with.

        `field` is the settings field that the source's `domain.toml` names. In the sandbox a fixed
        secret is used when none is set: the stand-in signs with it.
        """
        secrets: tuple[SecretStr, ...] = getattr(self, field)
        if not secrets and self.mode is VendorMode.SANDBOX:
            secrets = (SecretStr(SANDBOX_WEBHOOK_SECRET),)
        return [secret.get_secret_value().encode() for secret in secrets]
