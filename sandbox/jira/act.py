"""Who changes something, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.jira.events import Event
from sandbox.jira.model import User
from sandbox.jira.site import JiraSite


@dataclass(frozen=True)
class Act:
    """Who changes something, with which habits, and who hears of it.

    `text_is_plain` is API v2's habit of taking text as strings. `tell` takes the events; `flow`
    is `Secondary` for the many events of one bulk operation.
    """

    site: JiraSite
    user: User
    tell: Callable[[Event], None]
    text_is_plain: bool = False
    flow: str = "Primary"
