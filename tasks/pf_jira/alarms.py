"""What people are told of: each cause in words, with what to do about it.

Raised in the transaction of what was done about the trouble, and over with the next success.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core import alerts
from core.database import reading, writing
from core.errors import VendorCredentialsError
from core.models import Link
from tasks.pf_jira import DOMAIN

POLLS_FAIL_FOR = timedelta(minutes=10)
"""How long polls may fail before people hear of it: most outages end by themselves."""

DUPLICATES = f"duplicate_issues:{DOMAIN}"
OUT_OF_SIGHT = f"issues_out_of_sight:{DOMAIN}"
POLLS = f"polls_failing:{DOMAIN}"

_VENDORS = {"jira": "Jira", "peopleforce": "PeopleForce"}
_CREDENTIALS = {
    "jira": "Renew the API token of the gateway's account (it expires, at most a year on) and set "
    "IGW_JIRA_API_TOKEN in secrets/.env, or give the account the permission that it lacks",
    "peopleforce": "Make a new key in PeopleForce (Settings, API keys) and set "
    "IGW_PEOPLEFORCE_API_KEY in secrets/.env, or give the key the permission that it lacks",
}


def refused(session: Session, error: Exception) -> None:
    """Have people told when a vendor does not accept who we are; other errors pass."""
    if not isinstance(error, VendorCredentialsError):
        return
    name = _VENDORS.get(error.vendor, error.vendor)
    remedy = _CREDENTIALS.get(error.vendor, "Correct its credentials in secrets/.env")
    alerts.raise_alert(
        session,
        cause=_credentials(error.vendor),
        title=f"{name} refuses the gateway's credentials",
        text=f"{error}. All work with {name} waits, and nothing is lost. {remedy}; restart the "
        "gateway, and work goes on within a minute. `igw doctor` says whether they are accepted.",
    )


def accepted(session: Session, *vendors: str) -> None:
    """Note that vendors did what they were asked: their refusals are over."""
    for vendor in vendors:
        alerts.resolve(session, _credentials(vendor))


def written_too_often(session: Session, link: Link, reason: str) -> None:
    """Have people told of a record that two automations may be writing in turn."""
    alerts.raise_alert(
        session,
        cause=f"write_loop:{DOMAIN}",
        title="Records are written again and again",
        text=reason,
        record=link.source_id,
    )


def polls_failing(since: datetime, error: Exception, moment: datetime) -> None:
    """Have people told once no poll succeeded `since` long ago, and of refused credentials."""
    failing_for = moment - since
    with writing() as session:
        refused(session, error)
        if isinstance(error, VendorCredentialsError) or failing_for < POLLS_FAIL_FOR:
            return
        alerts.raise_alert(
            session,
            cause=POLLS,
            title="PeopleForce cannot be read",
            text=f"Every poll since {since:%Y-%m-%d %H:%M} UTC failed, the last one with: {error}. "
            "Changes in PeopleForce do not reach Jira meanwhile; the first poll that succeeds "
            "brings all of them. See whether PeopleForce is down for everybody; if it is not, "
            "`igw doctor` says what keeps the gateway from it.",
        )


def polls_succeed() -> None:
    """Note that PeopleForce was read; writes only when there was an alert."""
    causes = (POLLS, _credentials("peopleforce"))
    with reading() as session:
        over = alerts.open_causes(session, causes)
    if over:
        with writing() as session:
            for cause in over:
                alerts.resolve(session, cause)


def out_of_sight(session: Session, missing: int, asked: int) -> None:
    """Have people told that Jira shows too few of our issues for them to have been deleted."""
    alerts.raise_alert(
        session,
        cause=OUT_OF_SIGHT,
        title="Jira no longer shows many of our issues",
        text=f"Of {asked:,} issues of open tasks Jira does not show {missing:,}. So many are "
        "seldom deleted: see whether the gateway's account may still browse all projects, and "
        "whether a project was archived or deleted. The gateway leaves their tasks as they are, "
        "and looks again next night.",
    )


def duplicates_found(session: Session, link: Link, kept: str | None, others: Sequence[str]) -> None:
    """Have people told of issues that were made for a task that has one already."""
    beside = f" beside {kept}" if kept else ""
    alerts.raise_alert(
        session,
        cause=DUPLICATES,
        title="A task has more than one issue in Jira",
        text="Issues were made for tasks that have one already. The gateway keeps the oldest in "
        "step and leaves the others alone: close those in Jira. `igw why <task>` tells how it "
        "came about.",
        record=f"{', '.join(others)}{beside} (task {link.source_id})",
    )


def _credentials(vendor: str) -> str:
    return f"credentials:{vendor}"
