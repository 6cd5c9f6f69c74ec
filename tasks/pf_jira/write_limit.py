"""The last net against loops: a record that is written too often is left alone, and people hear it.

Our own changes are known when they come back, so we start no loop. Two automations, one in each
system, can do so all the same, with us between them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import cast

from sqlalchemy.orm import Session

from core import activity
from core.clock import now
from core.database import reading, writing
from core.domain_settings import get_setting
from core.models import Link
from tasks.pf_jira import DOMAIN, alarms
from tasks.pf_jira.claims import Claim

WINDOW = timedelta(minutes=10)

WRITES = frozenset(
    {
        "created", "updated", "issue_completed", "issue_reopened",
        "task_completed", "task_reopened",
    }
)  # fmt: skip
"""The activity that tells of a write to either vendor."""


def written_too_often(links: Collection[Link]) -> Mapping[str, int]:
    """Give the tasks that were written as often as is allowed, with how often that was.

    What a person had tried again begins anew.
    """
    if not links:
        return {}
    with reading() as session:
        limit = _limit(session)
        counts = activity.count_since(
            session, DOMAIN, [link.source_id for link in links], WRITES, now() - WINDOW
        )
    return {record: count for record, count in counts.items() if count >= limit}


def stop(claim: Claim, link: Link, writes: int) -> str:
    """Leave a record alone that was written too often, have people told, and give the reason."""
    minutes = WINDOW // timedelta(minutes=1)
    reason = (
        f"Task {link.source_id} and its issue {link.issue_key or '(not made yet)'} were written "
        f"{writes} times within {minutes} minutes, so the gateway leaves them alone: two "
        "automations may be answering each other. See who changes them with: igw why "
        f"{link.source_id}. Stop one of the two, then go on with: igw replay {link.source_id}"
    )
    with writing() as session:
        claim.give_up(session, link, reason)
        alarms.written_too_often(session, link, reason)
    return reason


def _limit(session: Session) -> int:
    return cast("int", get_setting(session, DOMAIN, "writes_per_record"))
