"""The connectors speak HTTP to the stand-ins, each test to fresh ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from connectors.jira.client import JiraClient
from connectors.jira.service import Jira
from connectors.peopleforce.client import PeopleForceClient
from connectors.peopleforce.service import PeopleForce
from core.rate_limit import RateLimit
from core.settings import (
    SANDBOX_API_KEY,
    SANDBOX_JIRA_EMAIL,
    SANDBOX_JIRA_TOKEN,
    JiraAccess,
    PeopleForceAccess,
)
from sandbox.common.documents import Documents
from sandbox.common.server import running
from sandbox.jira.app import create_app as create_jira
from sandbox.jira.site import JiraSite
from sandbox.peopleforce.app import create_app as create_peopleforce


@dataclass
class StandIn:
    """A running stand-in and its control API."""

    url: str

    def control(self, method: str, path: str, json: Any = None) -> Any:
        answer = requests.request(method, f"{self.url}/_control/{path}", json=json, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def fault(self, kind: str, **settings: Any) -> None:
        self.control("POST", "faults", {"kind": kind, "times": 1} | settings)

    def calls(self) -> dict[str, int]:
        return self.control("GET", "calls")["calls"]


@pytest.fixture
def rate_limit(redis_client) -> RateLimit:
    """A limit that no test reaches by accident."""
    return RateLimit(redis_client, "test", per_second=10_000, burst=10_000)


@pytest.fixture
def read_timeout() -> float:
    """Seconds that a connector waits; a test of slow answers sets less by parametrizing it."""
    return 10.0


@pytest.fixture
def peopleforce_server() -> Iterator[StandIn]:
    with running(
        create_peopleforce(api_key=SANDBOX_API_KEY, open_tasks=0, completed_tasks=0)
    ) as url:
        yield StandIn(url)


@pytest.fixture
def peopleforce_access(peopleforce_server) -> PeopleForceAccess:
    return PeopleForceAccess(
        f"{peopleforce_server.url}/api/public/v3", SecretStr(SANDBOX_API_KEY), 4.0
    )


@pytest.fixture
def peopleforce(peopleforce_access, rate_limit, read_timeout) -> PeopleForce:
    return PeopleForce(PeopleForceClient(peopleforce_access, rate_limit, read_timeout=read_timeout))


@pytest.fixture
def jira_server() -> Iterator[StandIn]:
    """A site whose search knows every issue at once; a test of the lag sets one."""
    site = JiraSite(Documents(None), email=SANDBOX_JIRA_EMAIL, token=SANDBOX_JIRA_TOKEN)
    site.settings.index_lag_seconds = 0.0
    with running(create_jira(site)) as url:
        yield StandIn(url)


@pytest.fixture
def jira_access(jira_server) -> JiraAccess:
    return JiraAccess(jira_server.url, SANDBOX_JIRA_EMAIL, SecretStr(SANDBOX_JIRA_TOKEN), 20.0)


@pytest.fixture
def jira_to(rate_limit, redis_client, read_timeout):
    """Build the service for any access."""

    def build(access: JiraAccess) -> Jira:
        return Jira(JiraClient(access, rate_limit, read_timeout=read_timeout), redis_client)

    return build


@pytest.fixture
def jira(jira_to, jira_access) -> Jira:
    return jira_to(jira_access)
