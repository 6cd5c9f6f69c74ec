"""What a test of shadow mapping can do and see."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from core import rule_states, rules, shadow
from core.database import reading, writing
from core.domain_settings import set_setting
from core.mapping import document
from core.models import Alert, Rule, ShadowResult, ShadowRun
from tasks import app
from tests.tasks.world import World

OFFICE, COST_CENTRE = "customfield_10041", "Cost centre"
IT_FIELDS = "schema/projects/IT/types/Task/fields"
FIVE_MINUTES = 300
SUMMARY = {"field": "summary", "name": "Summary", "sources": [{"path": "$.title"}]}
IN_LVIV = {"field": OFFICE, "name": "Office", "sources": [{"static": "Lviv"}]}
FROM_TITLE = {"field": OFFICE, "name": "Office", "sources": [{"path": "$.title"}]}
LAPTOPS: dict[str, Any] = {
    "name": "Laptops",
    "priority": 10,
    "project": "IT",
    "issue_type": "Task",
    "fields": [SUMMARY, IN_LVIV],
}


class Shadowed:
    """The world with a rule for laptops, and the hands of who has it tried."""

    def __init__(self, world: World) -> None:
        self.world = world

    # What people do

    def rule(self, *fields: dict[str, Any], **changes: Any) -> int:
        """Put the rule for laptops into force, with other fields besides the title if given."""
        mapped = {"fields": [SUMMARY, *fields]} if fields else {}
        with writing() as session:
            return rules.save(session, document.parse({**LAPTOPS, **mapped, **changes}), "test").id

    def office(self, **change: Any) -> None:
        self.world.jira.control("PATCH", f"{IT_FIELDS}/{OFFICE}", change)

    def demand_a_field(self, **values: Any) -> None:
        field = {"name": COST_CENTRE, "kind": "line", "required": True, **values}
        self.world.jira.control("POST", IT_FIELDS, field)

    def tasks(self, *titles: str) -> list[str]:
        """Make tasks with these titles, oldest first, and let them be synced as far as can be."""
        ids = self.world.has_tasks(len(titles))
        for task_id, title in zip(ids, titles, strict=True):
            self.world.edit(task_id, title=title)
        self.world.poll_and_work()
        return ids

    def set(self, key: str, value: bool | int) -> None:
        with writing() as session:
            set_setting(session, "pf_jira", key, value, "a test")

    def enable(self, *, name: str = "Laptops") -> None:
        with writing() as session:
            rule_states.enable(session, session.scalars(_named(name)).one(), "a test")

    def disable(self, *, name: str = "Laptops") -> None:
        with writing() as session:
            rule_states.disable(session, session.scalars(_named(name)).one(), "a test")

    def ask(self, only_rule: str | None = None) -> int:
        with writing() as session:
            return shadow.ask(session, "pf_jira", "a test", only_rule)

    # What beat and the worker do

    def nightly(self) -> None:
        self.world.do_scheduled("pf_jira.shadow_nightly")
        self.world.work()

    def recheck(self) -> None:
        """Let five minutes pass, and do what is done then."""
        self.world.pass_time(FIVE_MINUTES)
        self.world.do_scheduled("pf_jira.recheck")
        self.world.work()

    def run(self, run_id: int) -> None:
        app.tasks["pf_jira.shadow"].apply(args=[run_id], throw=True)

    # What can be seen

    def stored(self, name: str = "Laptops") -> Rule:
        with reading() as session:
            return session.scalars(_named(name)).one()

    def result(self, name: str = "Laptops") -> ShadowResult:
        rule_id = self.stored(name).id
        newest = select(ShadowResult).where(ShadowResult.rule_id == rule_id)
        with reading() as session:
            return session.scalars(newest.order_by(ShadowResult.id.desc()).limit(1)).one()

    def runs(self) -> list[ShadowRun]:
        """Give the runs, newest first."""
        with reading() as session:
            return shadow.latest(session)

    def alert(self, cause: str) -> Alert:
        named = f"{cause}:{self.stored().id}"
        newest = select(Alert).where(Alert.cause == named).order_by(Alert.id.desc()).limit(1)
        with reading() as session:
            return session.scalars(newest).one()

    def told(self) -> list[str]:
        """Give the causes that people are told of and that are not over."""
        with reading() as session:
            open_ones = select(Alert.cause).where(Alert.resolved_at.is_(None))
            return sorted(cause.partition(":")[0] for cause in session.scalars(open_ones))

    def schema_reads(self) -> int:
        calls = self.world.jira.calls().items()
        return sum(times for call, times in calls if call.endswith("/issuetypes/<type_id>"))


def _named(name: str) -> Select[Rule]:
    return select(Rule).where(Rule.name == name)
