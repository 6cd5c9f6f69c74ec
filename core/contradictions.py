"""What is wrong with settings that are each right by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.access import VendorMode, is_loopback
from core.environment import env_file, variable
from core.findings import Finding

if TYPE_CHECKING:
    from core.settings import Settings


def contradictions(settings: Settings) -> list[Finding]:
    """Say what is wrong with the settings taken together, each with its remedy."""
    findings = []
    if settings.mode is VendorMode.REAL:
        for name, what in (
            ("peopleforce_api_key", "PeopleForce's API key"),
            ("jira_base_url", "the URL of the Jira site"),
            ("jira_email", "the e-mail of the gateway's Jira account"),
            ("jira_api_token", "that account's API token"),
            ("jira_webhook_secrets", "the secret of Jira's webhook"),
        ):
            if not getattr(settings, name):
                findings.append(
                    Finding(
                        subject=variable(name),
                        problem=f"{what} is not set, though other credentials are",
                        remedy=f"set {variable(name)} in {env_file()}, or remove all vendor "
                        "credentials to use the sandbox",
                    )
                )
    elif not is_loopback(settings.gateway_host):
        findings.append(
            Finding(
                subject=variable("gateway_host"),
                problem="the sandbox's webhook secret is public, and the gateway would listen "
                f"on {settings.gateway_host}",
                remedy=f"set {variable('gateway_host')}=127.0.0.1, or connect real vendors",
            )
        )
    findings += _half_a_telegram(settings)
    findings += _shared_ports(settings)
    if settings.broker_url and not settings.redis_url and settings.mode is VendorMode.REAL:
        scheme = urlsplit(settings.resolved_broker_url).scheme
        if scheme.startswith("redis"):
            findings.append(
                Finding(
                    subject=variable("broker_url"),
                    problem="the broker is a Redis of yours, but locks and rate limits would live "
                    "in the gateway's own Redis on this machine",
                    remedy=f"set {variable('redis_url')} to the same server",
                )
            )
    return findings


def _half_a_telegram(settings: Settings) -> list[Finding]:
    token, chat = "telegram_bot_token", "telegram_chat_id"
    if bool(settings.telegram_bot_token) == bool(settings.telegram_chat_id):
        return []
    given, missing = (token, chat) if settings.telegram_bot_token else (chat, token)
    return [
        Finding(
            subject=variable(missing),
            problem=f"is not set, though {variable(given)} is: no alert could go to Telegram",
            remedy=f"set both in {env_file()}, or neither",
        )
    ]


def _shared_ports(settings: Settings) -> list[Finding]:
    names = ["gateway_port", "flower_port"]
    if settings.embedded_redis:
        names.append("redis_port")
    if settings.mode is VendorMode.SANDBOX:
        names += ["sandbox_peopleforce_port", "sandbox_jira_port"]
    by_port: dict[int, list[str]] = {}
    for name in names:
        by_port.setdefault(getattr(settings, name), []).append(variable(name))
    return [
        Finding(
            subject=" and ".join(users),
            problem=f"share port {port}",
            remedy="give each of them a port of its own",
        )
        for port, users in by_port.items()
        if len(users) > 1
    ]
