"""Where people see an issue in Jira itself.

PeopleForce's API gives no address of a task, and none is documented, so none is guessed here.
"""

from __future__ import annotations

from core.settings import VendorMode, get_settings


def issue_page(issue_key: str | None) -> str:
    """Give the address of an issue's page; "" where there is none, as in the sandbox."""
    settings = get_settings()
    if issue_key is None or settings.mode is VendorMode.SANDBOX or not settings.jira_base_url:
        return ""
    return f"{settings.jira_base_url}/browse/{issue_key}"
