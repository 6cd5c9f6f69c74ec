"""Jira's live schema for the rules: what each project and issue type takes at the moment.

Cached for an hour in `jira:createmeta:{project}:{issuetype}`, shared by all processes. A refusal
that the schema did not foretell purges its key, so that the next attempt sees Jira as it is.
"""

from __future__ import annotations

from connectors.jira.schema import target_schema
from core import targets
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
    return _cache().get(
        targets.schema_key(project, issue_type), lambda: _fetch(project, issue_type)
    )


def fresh_schema_of(project: str, issue_type: str) -> TargetSchema:
    """Give what an issue type takes as Jira has it now, for whoever judges a rule by it.

    All others find it in the cache. Raises as `schema_of` does.
    """
    forget(project, issue_type)
    return schema_of(project, issue_type)


def forget(project: str, issue_type: str) -> None:
    """Have a schema read again by whoever needs it next, in all processes."""
    _cache().purge(targets.schema_key(project, issue_type))


def was_outdated(project: str, issue_type: str, used: TargetSchema) -> bool:
    """Say whether a refusal may be the fault of the schema `used`; then it is not used again.

    That is so where another one is known since, and where it was old; a fresh one is kept.
    """
    try:
        found = _cache().peek(targets.schema_key(project, issue_type))
    except VendorError:
        return True
    if found is None or found.value is not used:
        return True
    if found.age < FRESH_SECONDS:
        return False
    _cache().purge(targets.schema_key(project, issue_type))
    return True


def _fetch(project: str, issue_type: str) -> TargetSchema:
    return target_schema(project, issue_type, wiring.jira().create_fields(project, issue_type))


def _cache() -> SharedCache[TargetSchema]:
    return targets.schemas(get_redis())
