"""Every page is HTML that browsers, and people with screen readers, can rely on."""

from __future__ import annotations

import re

import pytest
from filled import FEW, addresses
from markup import problems

from bench import huge, pages
from core.settings import get_settings
from gateway.app import create_app


@pytest.fixture
def visitor(database, redis_client, settings_env, keep_logging):
    """The app's own client, logged in as admin."""
    settings_env.setenv("IGW_DEV_LOGIN", "true")
    get_settings.cache_clear()
    return pages.logged_in(create_app())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("filled", [False, True], ids=["empty", "filled"])
def test_every_page_is_valid_html_without_duplicate_ids(visitor, tmp_path, filled):
    if filled:
        huge.fill(FEW)
    shown = {}
    for address in addresses(visitor.application):
        answer = visitor.get(address)
        assert answer.status_code < 500, f"{address}: {answer.text}"
        if answer.mimetype == "text/html" and answer.text.lstrip().startswith("<!doctype"):
            shown[re.sub(r"\W+", "-", address).strip("-") or "overview"] = answer.text

    assert len(shown) > 8, "the pages were not found"
    assert problems(tmp_path, shown) == []
