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
    findings += _half_a_google(settings)
    findings += _open_door(settings)
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


def _half_a_google(settings: Settings) -> list[Finding]:
    given = {
        "google_client_id": settings.google_client_id,
        "google_client_secret": settings.google_client_secret,
        "google_hosted_domains": settings.google_hosted_domains,
    }
    if not settings.google_client_id and not settings.google_client_secret:
        return []
    findings = [
        Finding(
            subject=variable(name),
            problem="is not set, though other settings of the log-in with Google are",
            remedy=f"set it in {env_file()}, or remove all settings of Google",
        )
        for name, value in given.items()
        if not value
    ]
    if not settings.behind_tls:
        findings.append(
            Finding(
                subject=variable("public_url"),
                problem="does not begin with https://, and Google sends people back there with a "
                "code that is worth a log-in",
                remedy=f"set {variable('public_url')} to where people reach the gateway, and end "
                "TLS in front of it",
            )
        )
    return findings


def _open_door(settings: Settings) -> list[Finding]:
    """Refuse the log-in without a password wherever somebody else could reach it."""
    if not settings.dev_login_on:
        return []
    reasons = {
        "real vendors are set up": settings.mode is VendorMode.REAL,
        f"the gateway would listen on {settings.gateway_host}": not is_loopback(
            settings.gateway_host
        ),
        f"{variable('trusted_proxies')} says that it is reached through a proxy": bool(
            settings.trusted_proxies
        ),
        f"{variable('public_url')} says that it is reached from elsewhere": not is_loopback(
            urlsplit(settings.resolved_public_url).hostname or ""
        ),
    }
    return [
        Finding(
            subject=variable("dev_login"),
            problem=f"lets anybody in as admin without a password, and {reason}",
            remedy=f"remove {variable('dev_login')}; people log in with Google (docs/security.md)",
        )
        for reason, holds in reasons.items()
        if holds
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
