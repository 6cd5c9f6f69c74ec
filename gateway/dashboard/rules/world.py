"""What a rule is written against, from what is known here: nothing of it waits for a vendor."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeVar

import redis
from sqlalchemy.orm import Session

from connectors.jira.known_accounts import known_accounts
from connectors.peopleforce import details
from core import people, shadow, targets
from core.database import reading
from core.dispatch import publish
from core.errors import VendorError
from core.mapping.previewing import Around
from core.mapping.reads import Detail
from core.mapping.record import Record
from core.mapping.resolve import needed_lookups
from core.mapping.routing import Action, Rule
from core.mapping.schema import TargetSchema
from core.mapping.suggesting import known_paths
from core.redis_client import NAMESPACE, get_prompt_redis
from core.rules import rules_in_force
from core.settings import get_settings
from core.shared_cache import SharedCache
from core.targets import Named

log = logging.getLogger(__name__)

T = TypeVar("T")

DOMAIN, SOURCE, READ_TARGET = "pf_jira", "peopleforce", "pf_jira.read_target"

RECENT = 200
"""Records on which a rule is previewed."""

ASK_EVERY = 5
"""Seconds between two messages that ask a worker for the same, however many pages want it."""

ANY_AGE = timedelta(days=3650)
"""A preview takes what is known of people, however old: it can only guess otherwise."""

SUGGEST_FROM = 50
"""Records whose fields are suggested."""


@dataclass(frozen=True)
class Read(Generic[T]):
    """Something of the target as it was read last: `value` is None where nothing is known.

    `seconds` is its age. `problem` is the target's own refusal, in words. `wanted` says that a
    newer one would be better.
    """

    value: T | None = None
    seconds: float = 0.0
    problem: str = ""
    wanted: bool = True


@dataclass(frozen=True)
class Target:
    """What can be chosen for a rule: projects, the project's issue types, the fields of a type."""

    project: str = ""
    issue_type: str = ""
    projects: Read[list[Named]] = field(default_factory=Read)
    issue_types: Read[list[Named]] = field(default_factory=Read)
    schema: Read[TargetSchema] = field(default_factory=Read)
    reachable: bool = True
    """Whether Redis answers, without which nothing is known and nobody can be asked."""

    @property
    def wanted(self) -> bool:
        """Say whether a worker should read something of it."""
        parts = [self.projects]
        parts += [self.issue_types] if self.project else []
        wanted = any(part.wanted for part in parts)
        return wanted or bool(self.project and self.issue_type and self.schema.wanted)


def target_of(project: str, issue_type: str) -> Target:
    """Give what is known of a target."""
    try:
        client = get_prompt_redis()
        schema = Read[TargetSchema]()
        if project and issue_type:
            key = targets.schema_key(project, issue_type)
            schema = _look(targets.schemas(client), key)
        return Target(
            project,
            issue_type,
            _look(targets.projects(client), targets.PROJECTS),
            _look(targets.issue_types(client), project) if project else Read(),
            schema,
        )
    except redis.RedisError as error:
        log.warning("target_not_known", extra={"error": type(error).__name__})
        return Target(project, issue_type, reachable=False)


def ask_for(target: Target) -> None:
    """Have a worker read what is wanted of a target, unless that was asked for a moment ago."""
    name = f"{NAMESPACE}asked:{READ_TARGET}:{target.project}:{target.issue_type}"
    try:
        if not get_prompt_redis().set(name, "", nx=True, ex=ASK_EVERY):
            return
    except redis.RedisError:
        return
    publish(READ_TARGET, target.project, target.issue_type, expires=30)


def _look(cache: SharedCache[T], key: str) -> Read[T]:
    try:
        found = cache.peek(key, stale=True)
    except VendorError as error:
        return Read(problem=error.detail or str(error), wanted=False)
    if found is None:
        return Read()
    return Read(found.value, found.age, wanted=not cache.is_good(found))


@dataclass(frozen=True)
class World:
    """What a rule is tried on, and among what.

    `people_unread` counts employees of whom a rule reads something that was never read.
    """

    around: Around
    records: Mapping[str, Record]
    titles: Mapping[str, str]
    people_unread: int = 0


def world_of(rule: Rule, schema: TargetSchema | None) -> World:
    """Give the newest records as a rule would see them, and the rules beside it."""
    with reading() as session:
        in_force = rules_in_force(session)
        recent = shadow.newest(session, RECENT)
        snapshots = [it.snapshot for it in recent]
        filled, unread = _with_people(session, snapshots, [*in_force.rules, rule])
    records = {it.source_id: one for it, one in zip(recent, filled, strict=True)}
    known = _accounts(rule, records.values(), schema)
    titles = {it.source_id: str(it.snapshot.get("title") or "") for it in recent}
    return World(Around(in_force.rules, schema, known), records, titles, unread)


def suggestions() -> dict[str, str]:
    """Give the paths that conditions and fields can read, and what stands there."""
    with reading() as session:
        snapshots = [it.snapshot for it in shadow.newest(session, SUGGEST_FROM)]
        everything = dict.fromkeys((details.ASSIGNEE, details.SUBJECT), Detail.COMPLETE)
        wanted = details.people_of(snapshots, everything)
        known = _known(session, wanted)
    paths = known_paths(details.filled(it, everything, known) for it in snapshots)
    for part in (details.ASSIGNEE, details.SUBJECT) if snapshots else ():
        for name in sorted(details.READABLE):
            paths.setdefault(f"$.{part}.{name}", "of the employee")
    return paths


def _with_people(
    session: Session, snapshots: Sequence[Record], rules: Sequence[Rule]
) -> tuple[list[dict[str, Any]], int]:
    needed = details.needed_of(rules)
    wanted = {one: it for one, it in details.people_of(snapshots, needed).items() if it}
    known = _known(session, wanted)
    filled = [details.filled(snapshot, needed, known) for snapshot in snapshots]
    return filled, len(wanted.keys() - known.keys())


def _known(session: Session, wanted: Iterable[int]) -> dict[int, people.Known]:
    ids = [str(one) for one in wanted]
    found = people.known(session, SOURCE, ids, max_age=ANY_AGE) if ids else {}
    return {int(one): record for one, record in found.items()}


def _accounts(
    rule: Rule, records: Iterable[Record], schema: TargetSchema | None
) -> dict[str, str | None]:
    if schema is None or rule.action is Action.DROP:
        return {}
    emails = {one for record in records for one in needed_lookups(rule, record, schema)}
    try:
        return known_accounts(get_prompt_redis(), get_settings().jira.base_url, emails)
    except redis.RedisError:
        return {}
