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
from core.mapping.schema import TargetSchema
from core.redis_client import get_redis
from core.shared_cache import SharedCache
from tasks.pf_jira import wiring

FRESH_SECONDS = 60.0
"""A refusal of what fitted a schema as young as this is not the schema's doing."""


def schema_of(project: str, issue_type: str) -> TargetSchema:
    """Give what an issue type takes in a project, from the cache or else from Jira.

    Raises a `VendorError`; `VendorNotFoundError` or `VendorRejectedError` where the project or the
    issue type is not there for us.
    """
    return _cache().get(_key(project, issue_type), lambda: _fetch(project, issue_type)).schema


def forget_if_old(project: str, issue_type: str) -> bool:
    """Forget a schema that may be out of date, and say whether it was; a fresh one is kept."""
    found = _cache().peek(_key(project, issue_type))
    if found is not None and found.age < FRESH_SECONDS:
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
