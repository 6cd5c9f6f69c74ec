"""What Jira offers, read for whoever waits for it in front of a page: nobody there calls Jira."""

from __future__ import annotations

import logging

from core import targets
from core.errors import PayloadError, VendorError
from core.redis_client import get_redis
from core.targets import Named
from tasks import app
from tasks.pf_jira import wiring
from tasks.pf_jira.schemas import schema_of

log = logging.getLogger(__name__)

TASK = "pf_jira.read_target"


@app.task(name=TASK, max_retries=0)
def read_target(project: str, issue_type: str) -> None:
    """Read what is missing or old of: the projects, a project's issue types, what a type takes.

    Either may be empty. What Jira refuses is remembered by the caches, so that the page says so;
    when Jira does not answer the page says that nothing came, and asks again.
    """
    try:
        targets.projects(get_redis()).get(targets.PROJECTS, _projects)
        if project:
            targets.issue_types(get_redis()).get(project, lambda: _issue_types(project))
        if project and issue_type:
            schema_of(project, issue_type)
    except (VendorError, PayloadError) as error:
        log.warning("target_not_read", extra={"project": project, "error": type(error).__name__})


def _projects() -> list[Named]:
    return [Named(it.key, it.name) for it in wiring.jira().projects()]


def _issue_types(project: str) -> list[Named]:
    return [Named(it.id, it.name) for it in wiring.jira().issue_types(project) if not it.is_subtask]
