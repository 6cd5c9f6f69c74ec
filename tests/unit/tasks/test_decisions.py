"""What one webhook of Jira asks of us, and what follows an error."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy.exc import OperationalError

from connectors.jira.events import Change, IssueEvent
from core.errors import (
    VendorAmbiguousError,
    VendorConflictError,
    VendorCredentialsError,
    VendorNotFoundError,
    VendorRateLimitedError,
    VendorRejectedError,
    VendorUnavailableError,
)
from tasks.pf_jira.decisions import CheckStatus, FindTask, Ignore, NoteDeletion, decide
from tasks.pf_jira.failures import (
    CONFLICTS_BEFORE_GIVING_UP,
    CREDENTIALS_WAIT,
    MAX_UNEXPECTED,
    concerns_all,
    wait_after,
    wait_after_unexpected,
)

CREATED, UPDATED, DELETED = (f"jira:issue_{what}" for what in ("created", "updated", "deleted"))
OURS = ("PeopleForce",)
MOVED = (Change("status", "10000", "10001", "To Do", "Done"),)
EDITED = (Change("summary", None, None, "Old", "New"),)


def event(name: str, changes: tuple[Change, ...] = (), labels: tuple[str, ...] = OURS):
    return IssueEvent(name, "10001", "HR-7", None, changes, labels)


@pytest.mark.parametrize(
    ("name", "changes", "linked", "decision"),
    [
        (UPDATED, MOVED, True, CheckStatus),
        (UPDATED, EDITED + MOVED, True, CheckStatus),
        # Without a changelog nothing is proved, so Jira is asked.
        (UPDATED, (), True, CheckStatus),
        (UPDATED, EDITED, True, Ignore),
        (CREATED, (), True, Ignore),
        (DELETED, (), True, NoteDeletion),
        (CREATED, (), False, FindTask),
        (UPDATED, MOVED, False, FindTask),
        (DELETED, (), False, Ignore),
    ],
)
def test_an_event_is_decided_by_its_kind(name, changes, linked, decision):
    assert isinstance(decide(event(name, changes), linked=linked), decision)


@pytest.mark.parametrize("name", [CREATED, UPDATED, DELETED])
@pytest.mark.parametrize("labels", [(), ("peopleforce",), ("PeopleForceX",)])
def test_an_issue_without_our_label_and_without_a_link_is_none_of_ours(name, labels):
    assert decide(event(name, MOVED, labels), linked=False) == Ignore("not an issue of ours")


def test_a_linked_issue_that_lost_its_label_is_still_followed():
    assert decide(event(UPDATED, MOVED, ()), linked=True) == CheckStatus()


@pytest.mark.parametrize("attempts", [1, 5, 50, 5000])
@pytest.mark.parametrize(
    "error",
    [
        VendorUnavailableError("jira", "read", 503),
        VendorAmbiguousError("jira", "create_issue"),
        VendorRateLimitedError("jira", "read", 429, "", 10.0),
        VendorCredentialsError("jira", "read", 401),
    ],
    ids=lambda error: type(error).__name__,
)
def test_trouble_that_says_nothing_about_the_record_is_never_the_end(error, attempts):
    wait = wait_after(error, attempts)

    assert wait is not None
    assert timedelta(0) < wait <= timedelta(seconds=60)


@pytest.mark.parametrize(
    "error",
    [VendorNotFoundError("jira", "read", 404), VendorRejectedError("jira", "create_issue", 400)],
    ids=lambda error: type(error).__name__,
)
def test_a_refusal_of_the_record_is_the_end_at_once(error):
    assert wait_after(error, 1) is None
    assert not concerns_all(error)


def test_a_conflict_is_tried_again_a_few_times():
    error = VendorConflictError("jira", "do_transition", 409)

    assert wait_after(error, CONFLICTS_BEFORE_GIVING_UP - 1) is not None
    assert wait_after(error, CONFLICTS_BEFORE_GIVING_UP) is None
    assert not concerns_all(error)


def test_what_the_vendor_asks_to_wait_is_waited():
    error = VendorRateLimitedError("jira", "read", 429, "", 30.0)

    assert (wait_after(error, 1) or timedelta(0)) >= timedelta(seconds=30)
    assert wait_after(VendorCredentialsError("jira", "read", 401), 9) == CREDENTIALS_WAIT


@pytest.mark.parametrize("attempts", [1, MAX_UNEXPECTED, 5000])
@pytest.mark.parametrize(
    "error",
    [
        redis.ConnectionError(),
        OperationalError("SELECT 1", None, Exception()),
        SoftTimeLimitExceeded(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_outage_of_ours_does_not_count_against_the_record(error, attempts):
    assert wait_after_unexpected(error, attempts) is not None


def test_an_error_nobody_foresaw_is_the_end_after_a_few_attempts():
    assert wait_after_unexpected(ZeroDivisionError(), MAX_UNEXPECTED - 1) is not None
    assert wait_after_unexpected(ZeroDivisionError(), MAX_UNEXPECTED) is None
