"""Who may log in, how, and for how long."""

from __future__ import annotations

import re

from pydantic import BaseModel, Field, SecretStr, field_validator

from core.access import e_mail
from core.settings.kinds import Key, Listed


class LoggingIn(BaseModel):
    """Google, sessions, and the log-in for development."""

    google_client_id: str = Field(
        default="",
        description="OAuth client of the company at Google (Google Cloud console, Credentials). "
        "Empty: nobody can log in with Google.",
    )
    google_client_secret: SecretStr | None = Field(
        default=None, description="Secret of that OAuth client."
    )
    google_hosted_domains: Listed[str] = Field(
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
    secret_key: Key | None = Field(
        default=None,
        description="Key that signs the cookies, 32 characters or more; empty: a key is made at "
        "the first start and kept in the data folder.",
    )
    dev_login: bool | None = Field(
        default=None,
        description="Whether anybody on this machine may log in without a password, in any role: "
        "for the sandbox alone. Empty: on where `igw up` starts the sandbox, otherwise off.",
    )

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

    @property
    def dev_login_on(self) -> bool:
        """Whether the log-in without a password is there."""
        return self.dev_login is True

    @property
    def google_on(self) -> bool:
        """Whether people can log in with Google."""
        return bool(self.google_client_id)
