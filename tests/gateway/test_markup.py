"""Every page is HTML that browsers, and people with screen readers, can rely on."""

from __future__ import annotations

import re

import pytest
from markup import problems

from bench import huge, pages
from core.settings import get_settings
from gateway.app import create_app

FEW = huge.Size(links=60, activity=120, rules=4, dead_letters=12, deliveries=30, audit=10)
HERE = {**pages.PARTS, "record": "7000003", "task_id": "7000003", "record_id": "7000003"}
HERE |= {"delivery_id": "3", "letter_id": "3", "rule_id": "2"}


@pytest.fixture
def visitor(database, redis_client, settings_env, keep_logging, monkeypatch):
    """The app's own client, logged in as admin."""
    monkeypatch.setattr(pages, "PARTS", HERE)
    settings_env.setenv("IGW_DEV_LOGIN", "true")
    get_settings.cache_clear()
    return pages.logged_in(create_app())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("filled", [False, True], ids=["empty", "filled"])
def test_every_page_is_valid_html_without_duplicate_ids(visitor, tmp_path, filled):
    if filled:
        huge.fill(FEW)
    shown = {}
    for address in pages.addresses(visitor.application):
        answer = visitor.get(address)
        assert answer.status_code < 500, f"{address}: {answer.text}"
        if answer.mimetype == "text/html" and answer.text.lstrip().startswith("<!doctype"):
            shown[re.sub(r"\W+", "-", address).strip("-") or "overview"] = answer.text

    assert len(shown) > 8, "the pages were not found"
    assert problems(tmp_path, shown) == []
