"""What `igw doctor` looks at: each check says what it found, and what to do about it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from kombu.exceptions import OperationalError

from cli import workers
from cli.broker_checks import check_rabbitmq
from cli.database_checks import check_database
from cli.live_checks import check_beat, check_breakers, check_queues
from cli.machine_checks import check_clocks, check_disk
from cli.outcomes import Check, Outcome, Status, failed, well
from cli.ready import http_answers
from cli.redis_checks import judge_server
from cli.timings import check_timings
from connectors.jira.client import JiraClient
from connectors.peopleforce.client import PeopleForceClient
from core.domains import Domain, all_workers
from core.errors import GatewayError, VendorCredentialsError
from core.rate_limit import RateLimit
from core.settings import Settings, VendorMode

_START = "start everything with `igw up`"


def all_checks(settings: Settings, domains: Sequence[Domain]) -> dict[str, Check]:
    """Give every check by the name of what it looks at, in the order of showing."""
    stand_in = " (sandbox)" if settings.mode is VendorMode.SANDBOX else ""
    broker: dict[str, Check] = {}
    if settings.broker_url:
        broker["broker"] = lambda: check_broker(settings)
    return {
        "time limits": lambda: check_timings(settings),
        "data folder": lambda: check_data_folder(settings.data_dir),
        "disk": lambda: check_disk(settings.data_dir),
        "database": lambda: check_database(settings),
        "redis": lambda: check_redis(settings),
        **broker,
        "clocks": lambda: check_clocks(settings),
        "gateway": lambda: check_gateway(settings),
        "workers": lambda: check_workers([worker.name for worker in all_workers(domains)]),
        "queues": lambda: check_queues(domains),
        "beat": check_beat,
        f"PeopleForce{stand_in}": lambda: check_peopleforce(settings),
        f"Jira{stand_in}": lambda: check_jira(settings),
        "breakers": check_breakers,
        "alerts": lambda: check_alerts(settings),
    }


def check_data_folder(folder: Path) -> Outcome:
    """Look whether the data folder can be written, and whether others can read it."""
    if not folder.exists():
        parent = next(parent for parent in folder.parents if parent.exists())
        if not os.access(parent, os.W_OK | os.X_OK):
            return failed(
                f"{folder} is not there and cannot be made", "set IGW_DATA_DIR to another folder"
            )
        return well(f"{folder} (made at the first start)")
    if not os.access(folder, os.W_OK | os.X_OK):
        return failed(
            f"{folder} cannot be written", f"give it to this user: chown {os.getuid()} {folder}"
        )
    if folder.stat().st_mode & 0o077:
        return Outcome(
            Status.WARNING, f"{folder} can be entered by other users", f"chmod 700 {folder}"
        )
    return well(str(folder))


def check_redis(settings: Settings) -> Outcome:
    """Look whether Redis answers, and whether it keeps what it is given."""
    remedy = _START if settings.embedded_redis else "start it, or correct IGW_REDIS_URL"
    return judge_server(settings.resolved_redis_url, remedy)


def check_broker(settings: Settings) -> Outcome:
    """Look whether a broker that is not the same Redis answers, and keeps what it is given."""
    url, remedy = settings.resolved_broker_url, "start it, or correct IGW_BROKER_URL"
    if url.startswith(("redis://", "rediss://")):
        return judge_server(url, remedy)
    return check_rabbitmq(remedy)


def check_gateway(settings: Settings) -> Outcome:
    """Look whether the gateway answers."""
    if http_answers(f"{settings.gateway_url}/healthz"):
        return well(settings.gateway_url)
    return failed(f"{settings.gateway_url} does not answer", _START)


def check_workers(names: Sequence[str]) -> Outcome:
    """Look whether each worker answers Celery's ping."""
    try:
        answering = workers.answering()
    except OperationalError:
        return failed("cannot be asked: the broker does not answer", _START)
    silent = sorted(set(names) - answering)
    if silent:
        logs = ", ".join(f"worker-{name}.log" for name in silent)
        return failed(f"no answer from {', '.join(silent)}", f"{_START}; {logs} may say why")
    return well(f"{', '.join(names)} answer")


def check_peopleforce(settings: Settings) -> Outcome:
    """Look whether PeopleForce accepts the API key."""
    access = settings.peopleforce
    client = PeopleForceClient(access, _NoLimit())
    return _check_vendor(client.check_credentials, access.base_url, settings)


def check_jira(settings: Settings) -> Outcome:
    """Look whether Jira accepts the account and its token."""
    access = settings.jira
    client = JiraClient(access, _NoLimit())
    return _check_vendor(client.get_myself, access.base_url, settings)


def check_alerts(settings: Settings) -> Outcome:
    """Look by which channels people are told; nothing is sent."""
    if settings.slack and settings.telegram:
        return well("go to Slack, in reserve to Telegram (try it: igw alerts --test)")
    if settings.slack or settings.telegram:
        name = "Slack" if settings.slack else "Telegram"
        return well(f"go to {name}, without a reserve (try it: igw alerts --test)")
    if settings.mode is VendorMode.SANDBOX:
        return well("go nowhere: no channel is set up (see them with: igw alerts)")
    return Outcome(
        Status.WARNING,
        "go nowhere: nobody hears of troubles without looking",
        "set IGW_SLACK_WEBHOOK_URL, or IGW_TELEGRAM_BOT_TOKEN and IGW_TELEGRAM_CHAT_ID, or both",
    )


def _check_vendor(call: Callable[[], object], url: str, settings: Settings) -> Outcome:
    sandbox = settings.mode is VendorMode.SANDBOX
    try:
        call()
    except VendorCredentialsError as error:
        return failed(
            str(error),
            "correct the credentials in secrets/.env; Jira's tokens expire, at most "
            "a year after they were made",
        )
    except GatewayError as error:
        remedy = _START if sandbox else f"try again later; is {url} right?"
        return failed(str(error), remedy)
    return well(f"{url} accepts the credentials")


class _NoLimit(RateLimit):
    """Lets a call pass at once: one call needs no pacing, and Redis may be what is broken."""

    def __init__(self) -> None:
        """Take no Redis."""

    def wait(self) -> float:
        """Return at once."""
        return 0.0

    def penalise(self, seconds: float) -> None:
        """Do nothing."""
