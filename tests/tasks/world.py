"""What a test of the flow can do and see."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import redis
from sqlalchemy import select, text

from core import sightings
from core.database import get_engine, reading, writing
from core.dead_letters import open_letters
from core.domains import all_workers, load_domains
from core.models import (
    Activity,
    Alert,
    Base,
    Delivery,
    Link,
    Person,
    Rule,
    RuleVersion,
    ShadowResult,
)
from sandbox.jira.model import Webhook
from sandbox.jira.site import JiraSite
from sandbox.jira.webhooks import Dispatcher
from tasks import app
from tests.conftest import wait_until
from tests.connectors.conftest import StandIn
from tests.tasks.wire import Wire

app.loader.import_default_modules()

BULK, SINGLE = "POST /rest/api/3/issue/bulk", "POST /rest/api/3/issue"
EDIT, SEARCH = "PUT /rest/api/3/issue/<id_or_key>", "POST /rest/api/3/search/jql"
TASK_LIST = "GET /api/public/v3/tasks"
HOUR = 3600.0
SEEN_OR_WAITING = (sightings.SEEN, sightings.SEEN_CHANGED, "postponed")
LINK_MOMENTS = ("due_at", "waiting_since", "intent_at", "moving_at", "claimed_until", "pushed_at")
ALERT_MOMENTS = (
    *("first_seen", "last_seen", "tried_at", "told_at", "due_at"),
    *("resolved_at", "claimed_until"),
)

# Long matrices of what vendors do run on one database: a vendor's answer is the same to both.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Killed(BaseException):
    """The worker process ends here, without a chance to tidy up."""


@dataclass(repr=False)
class World:
    """Both vendors, the ledger, and the hands that do a worker's work when told to."""

    peopleforce: StandIn
    jira: StandIn
    peopleforce_wire: Wire
    jira_wire: Wire
    site: JiraSite
    clock: Any
    dispatcher: Dispatcher
    webhook: Webhook
    redis: redis.Redis
    errors: list[BaseException] = field(default_factory=list)
    """What tasks raised while `work` ran them."""
    _later: list[tuple[str, str]] = field(default_factory=list)

    # What people do

    def has_tasks(self, count: int) -> list[str]:
        """Make tasks; give their ids, oldest first."""
        self.peopleforce.control("POST", "tasks/bulk", {"count": count})
        tasks = self.peopleforce.control("GET", f"tasks?limit={count}")["tasks"]
        return sorted((str(task["id"]) for task in tasks), key=int)

    def has_synced_tasks(self, count: int) -> list[str]:
        """Make tasks that have their issues; nothing of that is counted or waits."""
        ids = self.has_tasks(count)
        self.poll_and_work()
        self.forget_calls()
        return ids

    def edit(self, task_id: str, **fields: Any) -> None:
        self.peopleforce.control("PATCH", f"tasks/{task_id}", fields)

    def complete(self, task_id: str) -> None:
        self.peopleforce.control("POST", f"tasks/{task_id}/complete")

    def reopen(self, task_id: str) -> None:
        self.peopleforce.control("POST", f"tasks/{task_id}/incomplete")

    def delete_task(self, task_id: str) -> None:
        self.peopleforce.control("DELETE", f"tasks/{task_id}")

    def move_issue(self, task_id: str, to: str) -> None:
        self.jira.control("POST", f"issues/{self.issue(task_id)['id']}/move", {"to": to})

    def delete_issue(self, task_id: str) -> None:
        self.jira.control("DELETE", f"issues/{self.issue(task_id)['id']}")

    def listen(self) -> None:
        """Let Jira send webhooks to the gateway from now on."""
        self.site.save_webhook(self.webhook)

    def refuse_due_dates(self, *, refuse: bool = True) -> None:
        """Let HR's workflow refuse whoever sets a due date, which its schema does not tell."""
        path = "schema/projects/HR/types/Task/fields/duedate"
        veto = "Due dates in that week are not accepted." if refuse else ""
        self.jira.control("PATCH", path, {"veto": veto})

    def take_due_dates_away(self) -> None:
        """Take the due date off HR's screens."""
        path = "schema/projects/HR/types/Task/fields/duedate"
        self.jira.control("PATCH", path, {"on_screen": False})

    def accept_plain_tasks(self, project: str) -> None:
        """Let a project take what the default rule writes, and demand nothing else."""
        changes = {
            "IT": {"customfield_10041": {"required": False}},
            "FAC": {
                "customfield_10061": {"required": False},
                "customfield_10062": {"required": False},
                "duedate": {"on_screen": True},
            },
        }
        for field_id, change in changes[project].items():
            path = f"schema/projects/{project}/types/Task/fields/{field_id}"
            self.jira.control("PATCH", path, change)

    def forget_schema(self) -> None:
        """Let an hour pass for the cached schemas alone."""
        for key in self.redis.scan_iter("igw:jira:createmeta:*"):
            self.redis.delete(key)

    def change_rule(self, **values: Any) -> None:
        """Change the default rule."""
        with writing() as session:
            rule = session.scalars(select(Rule)).one()
            for name, value in values.items():
                setattr(rule, name, value)

    # What beat, the relay and the workers do

    def poll(self) -> None:
        app.tasks["pf_jira.poll"].apply(args=(True,), throw=True)

    def work(self) -> None:
        """Work on everything in the broker, until nothing is left there."""
        while (message := self._next()) is not None:
            self._run(message)

    def poll_and_work(self) -> None:
        self.poll()
        self.work()
        self.resume()

    def resume(self) -> None:
        """Let the relay and `resume` publish what is due, and work on it."""
        self.do_scheduled("pf_jira.resume")
        self.do_scheduled("ops.relay")
        self.work()

    def find_deleted(self) -> None:
        self.do_scheduled("pf_jira.find_deleted")

    def sweep(self) -> None:
        self.do_scheduled("pf_jira.sweep")

    def webhooks_arrive(self) -> None:
        """Wait until Jira has sent what it has to send, and work on it."""
        self.await_webhooks()
        self.work()

    def await_webhooks(self) -> None:
        """Wait until Jira has sent what it has to send, and it is written down."""
        wait_until(
            lambda: self.dispatcher.waiting() == 0, every=0.01, what="Jira to send its webhooks"
        )

    def do_scheduled(self, name: str) -> None:
        self.redis.delete(f"igw:turn:{name}")
        app.tasks[name].apply(throw=True)

    def _next(self) -> tuple[str, str] | None:
        for queue in (name for worker in all_workers(load_domains()) for name in worker.queues):
            raw: Any = self.redis.rpop(f"igw:{queue}")
            if raw is not None:
                return queue, raw
        return None

    def _run(self, message: tuple[str, str]) -> None:
        parsed = json.loads(message[1])
        headers = parsed["headers"]
        if headers["eta"]:
            self._later.append(message)
            return
        args = json.loads(base64.b64decode(parsed["body"]))[0]
        try:
            result = app.tasks[headers["task"]].apply(args=args, task_id=headers["id"])
        except Killed:
            # It was not acknowledged, so the broker hands it out again, under the same id.
            self.redis.rpush(f"igw:{message[0]}", message[1])
            raise
        if isinstance(result.result, BaseException):
            self.errors.append(result.result)

    # Time

    def pass_time(self, seconds: float) -> None:
        """Let time pass for everybody, without waiting; what is due then is not yet done."""
        self.clock.ahead += seconds
        for table, names in (
            (
                Link,
                ("due_at", "waiting_since", "intent_at", "moving_at", "claimed_until", "pushed_at"),
            ),
            (Delivery, ("received_at", "due_at", "claimed_until")),
            (Alert, ALERT_MOMENTS),
            (Person, ("read_at",)),
            (Rule, ("struck_at", "tripped_at")),
            (RuleVersion, ("at",)),
            (ShadowResult, ("at",)),
        ):
            self._age(table, names, timedelta(seconds=seconds))
        for key in [*self.redis.scan_iter("igw:rate:*"), *self.redis.scan_iter("igw:breaker:*")]:
            self.redis.delete(key)
        for queue, message in self._later:
            parsed = json.loads(message)
            parsed["headers"]["eta"] = None
            self.redis.lpush(f"igw:{queue}", json.dumps(parsed))
        self._later.clear()

    def _age(self, table: type[Base], names: tuple[str, ...], by: timedelta) -> None:
        with writing() as session:
            for row in session.scalars(select(table)):
                for name in names:
                    if (moment := getattr(row, name)) is not None:
                        setattr(row, name, moment - by)

    def later(self, seconds: float = HOUR) -> None:
        """Let time pass and do everything that is due then."""
        self.pass_time(seconds)
        self.resume()

    # What can be seen

    def task(self, task_id: str) -> dict[str, Any]:
        return self.peopleforce.control("GET", f"tasks/{task_id}")

    def issues(self) -> list[dict[str, Any]]:
        return self.jira.control("GET", "issues?label=PeopleForce")["issues"]

    def issues_of(self, task_id: str) -> list[dict[str, Any]]:
        return [issue for issue in self.issues() if issue["task_id"] == task_id]

    def issue(self, task_id: str) -> dict[str, Any]:
        """Give the one issue of a task; two would be a failure."""
        [issue] = self.issues_of(task_id)
        return issue

    def link(self, task_id: str) -> Link:
        with reading() as session:
            return session.scalars(select(Link).where(Link.source_id == task_id)).one()

    def links(self) -> list[Link]:
        with reading() as session:
            return list(session.scalars(select(Link).order_by(Link.id)))

    def deliveries(self) -> list[Delivery]:
        with reading() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))

    def story(self, task_id: str) -> list[str]:
        """Give what was done to a task; what was only seen, or is to be repeated, is left out."""
        with reading() as session:
            told = select(Activity.action).where(
                Activity.record == task_id, Activity.action.not_in(SEEN_OR_WAITING)
            )
            return list(session.scalars(told.order_by(Activity.id)))

    def summaries(self, task_id: str) -> str:
        with reading() as session:
            told = select(Activity.summary).where(Activity.record == task_id).order_by(Activity.id)
            return "\n".join(session.scalars(told))

    def letters(self) -> dict[str, str]:
        """Give the reasons of the open dead letters, by record."""
        with reading() as session:
            return {letter.record: letter.reason for letter in open_letters(session)}

    def forget_calls(self) -> None:
        for vendor, wire in (
            (self.peopleforce, self.peopleforce_wire),
            (self.jira, self.jira_wire),
        ):
            vendor.control("DELETE", "calls")
            wire.bodies.clear()

    def everything_written(self) -> object:
        """Give something that differs after any row was written."""
        with get_engine().connect() as connection:
            if connection.dialect.name == "sqlite":
                return connection.execute(text("PRAGMA data_version")).scalar(), self.rows()
            return connection.execute(text("SELECT xmin::text FROM links")).all(), self.rows()

    def rows(self) -> list[tuple[Any, ...]]:
        """Give every link, and which activity there is."""
        with reading() as session:
            rows = [tuple(row) for row in session.execute(select(Link.__table__)).all()]
            return [*rows, *map(tuple, session.execute(select(Activity.id)).all())]
