"""The pages that people see: one file per page, each a thin view over `core`.

A module here that has a blueprint `bp` is a page; its line in the menu is in `navigation.py`.
"""

from __future__ import annotations

import importlib
import pkgutil
from datetime import datetime

from flask import Blueprint, Flask, request

from core.clock import age, now
from core.models import Role
from core.readable import readable
from core.settings import VendorMode, get_settings
from gateway.assets import asset_url
from gateway.dashboard import navigation

THEMES = ("light", "dark")


def register(app: Flask) -> None:
    """Give the app all pages, and their templates what each of them uses."""
    for module in pkgutil.iter_modules(__path__):
        bp = getattr(importlib.import_module(f"{__name__}.{module.name}"), "bp", None)
        if isinstance(bp, Blueprint):
            app.register_blueprint(bp)
    app.add_template_global(asset_url)
    app.add_template_global(navigation.menu)
    app.add_template_global(Role, "roles")
    app.add_template_filter(ago)
    app.add_template_filter(readable)
    app.context_processor(_frame)


def ago(moment: datetime) -> str:
    """Say how long ago a moment was, as `3 min ago`; the page's script counts on from there."""
    count, unit = age(now() - moment).split(" ")[:2]
    return f"{count} {unit} ago"


def _frame() -> dict[str, object]:
    theme = request.cookies.get("igw_theme", "")
    return {
        "sandbox_mode": get_settings().mode is VendorMode.SANDBOX,
        "theme": theme if theme in THEMES else "",
    }
