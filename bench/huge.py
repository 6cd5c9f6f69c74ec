"""A database as it is after years: many links, rules, deliveries, dead letters and much activity.

Rows are written as a table takes them, thousands in one statement; what they say is made up, and
the same each time.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core import rules
from core.calls import Call
from core.clock import now
from core.database import writing
from core.mapping import document
from core.models import (
    Activity,
    Audit,
    Base,
    DeadLetter,
    DeadLetterState,
    Delivery,
    DeliveryState,
    Link,
    LinkState,
    Rule,
)
from core.search import search_text

AT_ONCE = 5_000

FIRST_TASK, FIRST_ISSUE = 7_000_000, 10_000

GIVEN = ("Iryna", "Oleh", "Zoriana", "Taras", "Daria", "Marko", "Olena", "Petro", "Lesia", "Ivan")
FAMILY = ("Koval", "Shevchenko", "Bondar", "Tkachuk", "Melnyk", "Kravets", "Rudenko", "Savchuk")
THINGS = ("laptop", "badge", "desk", "phone", "contract", "account", "training", "interview")
VERBS = ("Prepare", "Order", "Return", "Sign", "Check", "Arrange")

_STATES = (
    *([LinkState.SYNCED] * 90), *([LinkState.DROPPED] * 4), *([LinkState.UNROUTED] * 2),
    LinkState.DEAD, LinkState.HELD, LinkState.VANISHED, LinkState.SKIPPED,
)  # fmt: skip
_DELIVERY_STATES = (
    *([DeliveryState.DONE] * 60), *([DeliveryState.IGNORED] * 38),
    DeliveryState.DEAD, DeliveryState.RETRYING,
)  # fmt: skip
_ACTIONS = ("created", "updated", "updated", "updated", "issue_completed", "task_completed")


@dataclass(frozen=True)
class Size:
    """How many rows of each kind."""

    links: int = 100_000
    activity: int = 500_000
    rules: int = 200
    dead_letters: int = 5_000
    deliveries: int = 100_000
    audit: int = 5_000


def fill(size: Size = Size()) -> None:
    """Fill an empty, migrated database; a minute for the usual size."""
    maker = _Maker(size)
    with writing() as session:
        maker.rule_ids = _rules(session, size.rules)
    for table, count, make in (
        (Link, size.links, maker.link),
        (Activity, size.activity, maker.activity),
        (Delivery, size.deliveries, maker.delivery),
        (DeadLetter, size.dead_letters, maker.dead_letter),
        (Audit, size.audit, maker.audit),
    ):
        _insert(table, count, make)


def _insert(table: type[Base], count: int, make: Callable[[int], Mapping[str, Any]]) -> None:
    rows: Iterator[Mapping[str, Any]] = (make(number) for number in range(count))
    while chunk := list(islice(rows, AT_ONCE)):
        with writing() as session:
            session.execute(insert(table.__table__), chunk)  # ty: ignore[invalid-argument-type]


def _rules(session: Session, count: int) -> list[int]:
    for number in range(count):
        thing, verb = THINGS[number % len(THINGS)], VERBS[number % len(VERBS)]
        rules.save(
            session,
            document.parse(
                {
                    "name": f"{verb} {thing}s {number}",
                    "priority": 10 + number,
                    "project": "HR" if number % 2 else "IT",
                    "issue_type": "Task",
                    "conditions": [
                        {"path": "$.title", "operator": "contains", "value": f"{thing} {number}"},
                        {"path": "$.completed", "operator": "equals", "value": False},
                    ],
                    "fields": [
                        {"field": "summary", "sources": [{"path": "$.title"}]},
                        {"field": "description", "sources": [{"path": "$.description"}]},
                    ],
                }
            ),
            "bench",
        )
    return list(session.scalars(select(Rule.id).order_by(Rule.id)))


class _Maker:
    """Makes rows by their number; what one row says of another fits."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.rule_ids: list[int] = []
        self._random = random.Random(1)  # noqa: S311 - the same data each time
        self._moment = now()

    def _at(self, number: int, count: int) -> datetime:
        """Spread a table's rows over a year, the last row being of now."""
        return self._moment - timedelta(days=365) * (1 - (number + 1) / count)

    def _rule(self, number: int) -> int | None:
        return self.rule_ids[number % len(self.rule_ids)] if self.rule_ids else None

    def link(self, number: int) -> dict[str, Any]:
        """Give a link; one in a hundred has work waiting."""
        pick = self._random.choice
        at, state = self._at(number, self.size.links), _STATES[number % 100]
        linked = state in {LinkState.SYNCED, LinkState.DEAD}
        people = [self._person() for _ in range(2)]
        title = f"{pick(VERBS)} {pick(THINGS)} {number} for {people[1]['full_name']}"
        due = self._moment + timedelta(minutes=5) if number % 100 == 7 else None  # noqa: PLR2004
        return {
            "source": "peopleforce",
            "source_id": str(FIRST_TASK + number),
            "issue_id": str(FIRST_ISSUE + number) if linked else None,
            "issue_key": f"HR-{number + 1}" if linked else None,
            "project": "HR" if linked else None,
            "state": state,
            "reason": "" if state is LinkState.SYNCED else "a reason in a sentence of some length",
            "completed": number % 10 > 1,
            "seen_hash": f"{number:064x}",
            "last_sync_hash": f"{number:064x}",
            "target_hash": f"{number:064x}",
            "snapshot": {
                "id": FIRST_TASK + number,
                "title": title,
                "description": "Model X1 as agreed with the manager. " * 12,
                "completed": number % 10 > 1,
                "starts_on": f"{at:%Y-%m-%d}",
                "ends_on": f"{at:%Y-%m-%d}",
                "assigned_to": people[0],
                "associated_to": {**people[1], "type": "Employee"},
            },
            "written": {"summary": title, "labels": ["PeopleForce"]} if linked else {},
            "rule_id": self._rule(number),
            "search_text": search_text(
                title, *(it[key] for it in people for key in ("full_name", "email"))
            ),
            "attempts": 0,
            "missing_scans": 0,
            "due_at": due,
            "waiting_since": at if due else None,
            "created_at": at,
            "updated_at": at,
        }

    def _person(self) -> dict[str, Any]:
        given, family = self._random.choice(GIVEN), self._random.choice(FAMILY)
        number = self._random.randrange(400)
        return {
            "id": number,
            "full_name": f"{given} {family}",
            "email": f"{given}.{family}{number}@acme.example".lower(),
        }

    def activity(self, number: int) -> dict[str, Any]:
        """Give a row of the activity: five for each link."""
        link = number % self.size.links
        action = _ACTIONS[number % len(_ACTIONS)]
        changes = {"summary": {"from": "Prepare laptop", "to": f"Prepare laptop {number}"}}
        return {
            "at": self._at(number, self.size.activity),
            "domain": "pf_jira",
            "record": str(FIRST_TASK + link),
            "issue_key": f"HR-{link + 1}",
            "action": action,
            "summary": f"Wrote duedate, summary to HR-{link + 1} after the change {number}.",
            "changes": changes if action == "updated" else {},
            "request_id": f"{number:032x}",
            "rule_id": self._rule(link),
            "rule_version": 1,
            "calls": [
                Call(
                    vendor="jira",
                    operation="edit_issue",
                    method="PUT",
                    status=204,
                    outcome="answered",
                    ms=180,
                )
            ]
            if action == "updated"
            else None,
        }

    def delivery(self, number: int) -> dict[str, Any]:
        """Give a webhook of Jira, about one of the links' issues."""
        at, state = (
            self._at(number, self.size.deliveries),
            _DELIVERY_STATES[number % len(_DELIVERY_STATES)],
        )
        link = number % self.size.links
        event = {
            "webhookEvent": "jira:issue_updated",
            "timestamp": number,
            "issue": {
                "id": str(FIRST_ISSUE + link),
                "key": f"HR-{link + 1}",
                "fields": {"summary": "x" * 500, "status": {"name": "To Do"}},
            },
        }
        return {
            "source": "jira",
            "topic": "jira:issue_updated",
            "external_id": f"delivery-{number}",
            "record_id": str(FIRST_ISSUE + link),
            "task": "pf_jira.handle_deliveries",
            "request_id": f"{number + 2**64:032x}",
            "headers": {"Content-Type": "application/json", "User-Agent": "Atlassian Webhook"},
            "body": json.dumps(event).encode(),
            "state": state,
            "reason": "the task is there already" if state is DeliveryState.DONE else "own echo",
            "attempts": 1,
            "received_at": at,
            "due_at": self._moment + timedelta(minutes=5) if state.waiting else None,
            "finished_at": None if state.waiting else at,
        }

    def dead_letter(self, number: int) -> dict[str, Any]:
        """Give a letter about a link; nine in ten are open."""
        link = (number * 13) % self.size.links
        open_ = number % 10 != 0
        at = self._at(number, self.size.dead_letters)
        return {
            "domain": "pf_jira",
            "unit": "link",
            "unit_id": link + 1,
            "record": str(FIRST_TASK + link),
            "reason": f"jira refused to edit issue for task {FIRST_TASK + link}: Office: "
            f"option {number} is not valid. Correct the task or the rule, then try again.",
            "attempts": 1,
            "rule_id": self._rule(number),
            "held": number % 5 == 1,
            "state": DeadLetterState.OPEN if open_ else DeadLetterState.RESOLVED,
            "created_at": at,
            "closed_at": None if open_ else at,
        }

    def audit(self, number: int) -> dict[str, Any]:
        """Give a change that a person made."""
        return {
            "at": self._at(number, self.size.audit),
            "actor": f"{GIVEN[number % len(GIVEN)].lower()}@acme.example",
            "action": "changed",
            "subject": f"rule Prepare laptops {number % 200}",
            "before": {"name": "Prepare laptops", "priority": number},
            "after": {"name": "Prepare laptops", "priority": number + 1},
            "note": "moved it up",
        }
