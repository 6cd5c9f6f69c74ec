"""Where the domain gets its vendors from; made once per process, so that connections stay open."""

from __future__ import annotations

from functools import cache

from connectors.jira import service as jira_service
from connectors.jira.service import Jira
from connectors.peopleforce import service as peopleforce_service
from connectors.peopleforce.service import PeopleForce


@cache
def peopleforce() -> PeopleForce:
    """Give this process's PeopleForce."""
    return peopleforce_service.connect()


@cache
def jira() -> Jira:
    """Give this process's Jira."""
    return jira_service.connect()
