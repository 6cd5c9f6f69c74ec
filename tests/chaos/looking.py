"""Looking at a running stack from outside: both vendors, the ledger and Redis."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Collection, Iterable
from contextlib import closing
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import redis
import requests

from core.redis_client import NAMESPACE
from core.settings import ROOT, SANDBOX_JIRA_EMAIL, SANDBOX_JIRA_TOKEN
from tests.chaos.judge import SeenIssue, SeenLink, SeenTask, World
from tests.chaos.machine import Machine
from tests.support.stack import Stack
from tests.support.vendors import JiraControl, PeopleForceControl

NOT_TOLD = frozenset({"dropped", "lost"})
"""States of webhooks of which the gateway never took in any attempt."""

SWEEP, FIND_DELETED = "pf_jira.sweep", "pf_jira.find_deleted"
"""What finds out at night what no webhook told."""

LONG_AGO = "1"


class Observer:
    """Sees what everybody could see, and changes nothing but when things are due."""

    def __init__(
        self, stack: Stack, machine: Machine, people: PeopleForceControl, jira: JiraControl
    ) -> None:
        self._stack, self._machine, self._people, self._jira = stack, machine, people, jira
        # The sandbox has Redis' second database for itself.
        self._redis = redis.Redis.from_url(
            stack.redis_url.removesuffix("/0") + "/1", decode_responses=True, socket_timeout=2
        )
        self._database = stack.places.sandbox / "gateway.db"
        self._told: set[str] = set()
        self._never_accepted: set[str] = set()

    def world(self, since: datetime) -> World:
        """Give everything there is to see; the gateway's moves of issues since a moment."""
        webhooks = self._jira.ask("GET", "/webhooks")["deliveries"]
        # Jira shows the latest ones alone, and what was deleted is judged in every round.
        self._never_accepted |= {
            webhook["issue"]
            for webhook in webhooks
            if webhook["state"] in NOT_TOLD and webhook["event"] == "jira:issue_deleted"
        }
        issues: dict[str, list[SeenIssue]] = {}
        for issue in self._jira.issues():
            key = issue["key"]
            issues.setdefault(issue["task_id"], []).append(
                SeenIssue(
                    key,
                    issue["summary"],
                    issue["statusCategory"] == "done",
                    self._moves(key, since) if _changed(issue, since) else 0,
                )
            )
        tasks = {
            str(task["id"]): SeenTask(task["title"], task["completed"])
            for completed in (False, True)
            for task in self._people.tasks(completed=completed)
        }
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as database:
            links = {
                source_id: SeenLink(state, bool(completed), due is not None)
                for source_id, state, completed, due in database.execute(
                    "SELECT source_id, state, completed, due_at FROM links"
                )
            }
            deliveries = _column(database, "SELECT id FROM deliveries WHERE due_at IS NOT NULL")
            forgotten = _column(
                database,
                "SELECT id FROM deliveries WHERE due_at IS NULL"
                " AND state IN ('received', 'queued', 'retrying')",
            )
            stored = set(_column(database, "SELECT external_id FROM deliveries"))
            letters = set(_column(database, "SELECT record FROM dead_letters WHERE state = 'open'"))
        return World(
            tasks,
            issues,
            links,
            waiting_deliveries=deliveries,
            forgotten_deliveries=forgotten,
            never_stored=_in_state(webhooks, {"delivered"}) - stored,
            letters=letters,
            never_accepted=self._never_accepted,
        )

    def _moves(self, key: str, since: datetime) -> int:
        """Count the gateway's own moves of an issue since a moment."""
        return sum(
            item["field"] == "status"
            for change in self._ask_jira(f"issue/{key}/changelog")["values"]
            if change["author"]["accountId"] == self._account
            and datetime.fromisoformat(change["created"]) >= since
            for item in change["items"]
        )

    @cached_property
    def _account(self) -> str:
        return self._ask_jira("myself")["accountId"]

    def _ask_jira(self, path: str) -> Any:
        answer = requests.get(
            f"{self._stack.url('sandbox_jira')}/rest/api/3/{path}",
            auth=(SANDBOX_JIRA_EMAIL, SANDBOX_JIRA_TOKEN),
            timeout=10,
        )
        answer.raise_for_status()
        return answer.json()

    def webhooks_under_way(self) -> int:
        """Count the webhooks that Jira still has to deliver."""
        return self._jira.ask("GET", "/webhooks")["waiting"]

    def needs_a_night(self) -> bool:
        """Say whether Jira could not tell of something since this was asked last."""
        untold = _in_state(self._jira.ask("GET", "/webhooks")["deliveries"], NOT_TOLD)
        new = untold - self._told
        self._told |= untold
        return bool(new)

    def let_night_fall(self) -> None:
        """Let the turn of the nightly work come now, as beat and a worker then take it."""
        for task in (SWEEP, FIND_DELETED):
            self._redis.set(f"{NAMESPACE}turn:{task}", LONG_AGO)
        subprocess.run(
            [
                *(sys.executable, "-c"),
                "import sys; from core.dispatch import publish; [*map(publish, sys.argv[1:])]",
                *(SWEEP, FIND_DELETED),
            ],
            cwd=ROOT,
            env={name: v for name, v in self._stack.env.items() if not name.startswith("CHAOS_")},
            check=True,
            timeout=120,
        )

    def make_due(self) -> None:
        """Let the time come at which the relay publishes again what nobody has taken."""
        with closing(sqlite3.connect(self._database, timeout=30)) as database, database:
            database.execute(
                "UPDATE deliveries SET due_at = received_at"
                " WHERE due_at IS NOT NULL AND claimed_until IS NULL"
            )

    def ran_since(self, moment: datetime, entry: str) -> bool:
        """Say whether a run of a schedule that came to its end well began after a moment."""
        try:
            text = self._redis.get(f"{NAMESPACE}report:{entry}")
        except redis.RedisError:
            return False
        report = json.loads(str(text)) if text else {"error": "never ran"}
        if "error" in report:
            return False
        began = datetime.fromisoformat(report["began"]) - timedelta(seconds=self._machine.ahead)
        return began >= moment


def _column(database: sqlite3.Connection, query: str) -> list[Any]:
    return [row[0] for row in database.execute(query)]


def _in_state(webhooks: Iterable[dict[str, Any]], states: Collection[str]) -> set[str]:
    return {webhook["identifier"] for webhook in webhooks if webhook["state"] in states}


def _changed(issue: dict[str, Any], since: datetime) -> bool:
    return datetime.fromisoformat(issue["updated"]) >= since
