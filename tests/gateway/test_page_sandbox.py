"""The sandbox page: for operators, and only while there is a sandbox."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from core.settings import VendorMode, get_settings


@pytest.fixture
def operator(dashboard):
    browser = dashboard()
    browser.log_in("operator")
    return browser


def test_an_operator_is_led_to_the_stand_ins_own_page(operator):
    html = operator.get("/sandbox/").body.decode()

    port = get_settings().sandbox_peopleforce_port
    for view in ("list", "board", "failures"):
        assert f'href="http://127.0.0.1:{port}/#{view}" target="_blank" rel="noopener"' in html


def test_a_viewer_is_refused(dashboard):
    browser = dashboard()
    browser.log_in("viewer")

    assert browser.get("/sandbox/").status == 403
    assert "/sandbox/" not in browser.get("/").body.decode()


def test_with_real_vendors_there_is_no_sandbox(operator, monkeypatch):
    # Nobody logs in without a password where vendors are real, so only the view is told.
    monkeypatch.setattr(
        "gateway.dashboard.sandbox.get_settings", lambda: SimpleNamespace(mode=VendorMode.REAL)
    )

    assert operator.get("/sandbox/").status == 404
