"""The menu: every page of the dashboard, in the order in which people need them."""

from __future__ import annotations

from dataclasses import dataclass

from core.models import Role
from core.settings import VendorMode, get_settings


@dataclass(frozen=True)
class Entry:
    """One line of the menu."""

    title: str
    endpoint: str
    role: Role = Role.VIEWER
    sandbox_only: bool = False


MENU: dict[str, tuple[Entry, ...]] = {
    "Now": (
        Entry("Overview", "overview.index"),
        Entry("Search", "search.index"),
        Entry("Live log", "log.index"),
        Entry("Health", "health_page.index"),
    ),
    "Records": (
        Entry("Links", "links.index"),
        Entry("Deliveries", "deliveries.index"),
        Entry("Dead letters", "dead_letters.index"),
        Entry("Activity", "activity.index"),
    ),
    "Rules": (
        Entry("Rules", "rules.index"),
        Entry("Shadow mapping", "shadow.index"),
    ),
    "Administration": (
        Entry("Settings", "settings.index", Role.ADMIN),
        Entry("Users", "users.index", Role.ADMIN),
        Entry("Audit", "audit.index", Role.ADMIN),
        Entry("Flower", "flower.index"),
        Entry("Sandbox", "sandbox.index", Role.OPERATOR, sandbox_only=True),
        Entry("Help", "help.index"),
    ),
}


def menu(role: Role) -> dict[str, list[Entry]]:
    """Give the pages that somebody with this role may open, by group."""
    sandbox = get_settings().mode is VendorMode.SANDBOX
    groups = {
        title: [
            entry
            for entry in entries
            if role.covers(entry.role) and (sandbox or not entry.sandbox_only)
        ]
        for title, entries in MENU.items()
    }
    return {title: entries for title, entries in groups.items() if entries}
