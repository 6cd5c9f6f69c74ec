"""Jira's own habits in its answers, on top of the session that all vendors share."""

from __future__ import annotations

from collections.abc import Mapping

import requests
from requests.auth import HTTPBasicAuth

from connectors import answers
from connectors.session import VendorSession
from core.breaker import Breaker
from core.errors import VendorCredentialsError, VendorUnavailableError
from core.rate_limit import RateLimit
from core.settings import JiraAccess

VENDOR = "jira"

_NOT_FOUND = 404
_REFUSED_LOGINS = ("AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED")


class JiraSession(VendorSession):
    """Calls to one Jira site with the API token of one account."""

    def __init__(
        self,
        access: JiraAccess,
        rate_limit: RateLimit,
        breaker: Breaker | None = None,
        *,
        read_timeout: float = 30.0,
    ) -> None:
        super().__init__(
            VENDOR,
            f"{access.base_url}/rest/api/3",
            auth=HTTPBasicAuth(
                access.email.encode("utf-8"), access.api_token.get_secret_value().encode("utf-8")
            ),
            rate_limit=rate_limit,
            breaker=breaker,
            read_timeout=read_timeout,
        )

    def check_answer(self, operation: str, response: requests.Response) -> None:
        """Raise an error where Jira answered somebody else, or something else answered for Jira.

        With a wrong token Jira treats the caller as anonymous, who sees empty lists and 404s; only
        a header tells. Taken at its word, such a 404 would be a deleted issue. The same goes for
        the 404 of a proxy or of a wrong base URL, which lacks the form that Jira's own 404 has.
        Source: https://developer.atlassian.com/cloud/jira/platform/basic-auth-for-rest-apis/
        """
        reason = response.headers.get("X-Seraph-LoginReason", "")
        if any(refused in reason for refused in _REFUSED_LOGINS):
            raise VendorCredentialsError(
                VENDOR, operation, response.status_code, f"the log-in was refused: {reason[:100]}"
            )
        if response.status_code == _NOT_FOUND and not _is_jiras_own(response):
            raise VendorUnavailableError(
                VENDOR, operation, _NOT_FOUND, "the answer is not Jira's; is the base URL right?"
            )

    def concerns_everybody(self, response: requests.Response) -> bool:
        """Say whether a 429 is about more than one issue that was written too often.

        Source: https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
        """
        return response.headers.get("RateLimit-Reason") != "jira-per-issue-on-write"


def _is_jiras_own(response: requests.Response) -> bool:
    if not response.content:
        return True  # So answers the create metadata of an issue type that the project lacks.
    payload = answers.json_or_none(response)
    return isinstance(payload, Mapping) and ("errorMessages" in payload or "errors" in payload)
