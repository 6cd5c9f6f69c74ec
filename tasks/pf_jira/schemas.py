"""Jira's live schema for the rules: what each project and issue type takes at the moment.

Cached for an hour in `jira:createmeta:{project}:{issuetype}`, shared by all processes. A refusal
that the schema did not foretell purges its key, so that the next attempt sees Jira as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

import redis

from connectors.jira.models import CreateField
from connectors.jira.schema import target_schema
from core.errors import VendorError
from core.mapping.schema import TargetSchema
from core.redis_client import get_redis
from core.shared_cache import SharedCache
from tasks.pf_jira import wiring

FRESH_SECONDS = 10.0
"""A refusal of what fitted a schema as young as this is not the schema's doing.

So a stream of records that Jira refuses costs six looks at its schema a minute, and no more."""


def schema_of(project: str, issue_type: str) -> TargetSchema:
    """Give what an issue type takes in a project, from the cache or else from Jira.

    Raises a `VendorError`; `VendorNotFoundError` or `VendorRejectedError` where the project or the
    issue type is not there for us.
    """
    return _cache().get(_key(project, issue_type), lambda: _fetch(project, issue_type)).schema


def fresh_schema_of(project: str, issue_type: str) -> TargetSchema:
    """Give what an issue type takes as Jira has it now, for whoever judges a rule by it.

    All others find it in the cache. Raises as `schema_of` does.
    """
    forget(project, issue_type)
    return schema_of(project, issue_type)


def forget(project: str, issue_type: str) -> None:
    """Have a schema read again by whoever needs it next, in all processes."""
    _cache().purge(_key(project, issue_type))


def was_outdated(project: str, issue_type: str, used: TargetSchema) -> bool:
    """Say whether a refusal may be the fault of the schema `used`; then it is not used again.

    That is so where another one is known since, and where it was old; a fresh one is kept.
    """
    try:
        found = _cache().peek(_key(project, issue_type))
    except VendorError:
        return True
    if found is None or found.value.schema is not used:
        return True
    if found.age < FRESH_SECONDS:
        return False
    _cache().purge(_key(project, issue_type))
    return True


def _fetch(project: str, issue_type: str) -> _Screen:
    return _Screen(project, issue_type, wiring.jira().create_fields(project, issue_type))


class _Screen:
    """A create screen as Jira describes it, and the schema that follows from it."""

    def __init__(self, project: str, issue_type: str, fields: Sequence[CreateField]) -> None:
        self.parts = (project, issue_type)
        self.fields = fields
        self.schema = target_schema(project, issue_type, fields)

    def dump(self) -> list[Any]:
        return [*self.parts, [asdict(field) for field in self.fields]]

    @classmethod
    def load(cls, document: Sequence[Any]) -> _Screen:
        project, issue_type, fields = document
        return cls(project, issue_type, [CreateField(**field) for field in fields])


def _cache() -> SharedCache[_Screen]:
    return _cache_on(get_redis())


@cache
def _cache_on(client: redis.Redis) -> SharedCache[_Screen]:
    return SharedCache(client, "jira:createmeta", dump=_Screen.dump, load=_Screen.load)


def _key(project: str, issue_type: str) -> str:
    return f"{project}:{issue_type}"
