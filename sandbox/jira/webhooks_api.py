"""Register webhooks as an administrator.

Source: https://developer.atlassian.com/cloud/jira/platform/webhooks/
"""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.jira.context import base_url, caller, json_body, site
from sandbox.jira.errors import JiraError
from sandbox.jira.model import Json, Webhook

webhooks_api = Blueprint("webhooks", __name__, url_prefix="/rest/webhooks/1.0/webhook")

_FILTER = "issue-related-events-section"


class _Registration(BaseModel):
    """The body of a registration. Real sites take https alone; the stand-in takes http too."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1)
    url: str = Field(pattern=r"^https?://")
    events: list[str] = Field(default_factory=list)
    description: str = ""
    filters: dict[str, str] = Field(default_factory=dict)
    exclude_body: bool = Field(False, alias="excludeBody")
    secret: str | None = None
    enabled: bool = True


def _must_be_admin() -> None:
    if caller() is None:
        raise JiraError(401, "You are not authenticated. Authentication required.")


def _read() -> _Registration:
    try:
        return _Registration.model_validate(json_body())
    except ValidationError as error:
        place = error.errors()[0]
        raise JiraError(400, f"{'.'.join(map(str, place['loc']))}: {place['msg']}") from error


def _show(webhook: Webhook) -> dict[str, Json]:
    """Return a webhook without its secret, which nobody can read back."""
    return {
        "name": webhook.name,
        "description": webhook.description,
        "url": webhook.url,
        "excludeBody": webhook.exclude_body,
        "filters": {_FILTER: webhook.jql},
        "events": webhook.events,
        "enabled": webhook.enabled,
        "isSigned": webhook.secret is not None,
        "self": f"{base_url()}/rest/webhooks/1.0/webhook/{webhook.id}",
        "lastUpdatedUser": site().gateway.account_id,
        "lastUpdatedDisplayName": site().gateway.name,
        "lastUpdated": webhook.updated,
    }


def _find(webhook_id: int) -> Webhook:
    _must_be_admin()
    webhook = site().webhooks.get(str(webhook_id))
    if webhook is None:
        raise JiraError(404, "The webhook does not exist.")
    return webhook


@webhooks_api.get("")
def list_webhooks() -> ResponseReturnValue:
    """Return all webhooks."""
    _must_be_admin()
    return [_show(webhook) for webhook in site().webhooks.values()]


@webhooks_api.post("")
def create_webhook() -> ResponseReturnValue:
    """Register a webhook."""
    _must_be_admin()
    return _show(_save(_read(), site().next_number("webhook", 2))), 201


def _save(given: _Registration, webhook_id: int, secret: str | None = None) -> Webhook:
    webhook = Webhook(
        id=webhook_id,
        name=given.name,
        url=given.url,
        events=given.events,
        description=given.description,
        jql=given.filters.get(_FILTER, ""),
        exclude_body=given.exclude_body,
        secret=given.secret or secret,
        enabled=given.enabled,
        updated=site().now(),
    )
    site().save_webhook(webhook)
    return webhook


@webhooks_api.get("/<int:webhook_id>")
def get_webhook(webhook_id: int) -> ResponseReturnValue:
    """Return one webhook."""
    return _show(_find(webhook_id))


@webhooks_api.put("/<int:webhook_id>")
def edit_webhook(webhook_id: int) -> ResponseReturnValue:
    """Replace a webhook; without a new secret it keeps the old one."""
    old = _find(webhook_id)
    return _show(_save(_read(), old.id, old.secret))


@webhooks_api.delete("/<int:webhook_id>")
def delete_webhook(webhook_id: int) -> ResponseReturnValue:
    """Remove a webhook."""
    site().remove_webhook(_find(webhook_id))
    return "", 204
