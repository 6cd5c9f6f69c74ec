"""What can be written to, as it was read last: projects, issue types, and what each takes.

Workers fill it, from the vendor; all read it. Whoever shows it to a person takes what is there,
however old, says how old it is, and asks a worker for a newer one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache

import redis

from core.mapping.schema import TargetSchema
from core.mapping.schema_document import dump_schema, load_schema
from core.shared_cache import SharedCache

HOUR = 3600.0
KEPT = 7 * 24 * HOUR
"""How long what is not good for work any more can be shown."""

PROJECTS = "all"
"""The only key of the list of projects."""


@dataclass(frozen=True)
class Named:
    """Something to choose: what a rule writes for it, and its name for people."""

    key: str
    name: str


@cache
def schemas(client: redis.Redis) -> SharedCache[TargetSchema]:
    """Give the cached schemas, by `schema_key`."""
    return SharedCache(
        client,
        "jira:createmeta",
        dump=dump_schema,
        load=load_schema,
        seconds=HOUR,
        keep_seconds=KEPT,
    )


@cache
def projects(client: redis.Redis) -> SharedCache[list[Named]]:
    """Give the cached list of projects, under the key `PROJECTS`."""
    return _names(client, "jira:projects")


@cache
def issue_types(client: redis.Redis) -> SharedCache[list[Named]]:
    """Give the cached lists of the issue types that can be made, by the project's key."""
    return _names(client, "jira:issuetypes")


def schema_key(project: str, issue_type: str) -> str:
    """Give the key of a target's schema; the issue type is named as the rule names it."""
    return f"{project}:{issue_type}"


def _names(client: redis.Redis, name: str) -> SharedCache[list[Named]]:
    return SharedCache(
        client,
        name,
        dump=lambda names: [asdict(it) for it in names],
        load=lambda document: [Named(**it) for it in document],
        seconds=HOUR,
        keep_seconds=KEPT,
    )
