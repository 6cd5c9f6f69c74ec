"""Live pages in a real browser: the log and the overview, with streams as browsers keep them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import redis
from playwright.sync_api import Browser, Page, expect

from tests.conftest import wait_until
from tests.gateway import planting
from tests.gateway.conftest import Gunicorn
from tests.support.visiting import Visitor

HIDE = """hidden => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
"""What a page is told when somebody changes to another tab; a headless browser shows all."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, redis_server) -> Iterator[Gunicorn]:
    gateway = Gunicorn(tmp_path_factory.mktemp("live-pages"), redis_server, dev_login=True)
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture
def visitor(gateway, browser: Browser) -> Iterator[Visitor]:
    visitor = Visitor(browser, f"http://127.0.0.1:{gateway.port}")
    # As if ten seconds had passed in a blink; the page itself decides when.
    visitor.page.add_init_script(
        "const later = window.setTimeout;"
        "window.setTimeout = (work, ms) => later(work, Math.min(ms ?? 0, 500));"
    )
    visitor.log_in("viewer")
    yield visitor
    visitor.close()
    assert visitor.complaints == []


@pytest.fixture
def places_taken(redis_server) -> Iterator[Callable[[], int]]:
    with closing(redis.Redis.from_url(redis_server)) as client:

        def taken() -> int:
            count: Any = client.zcard("igw:waiting:streams")
            return count

        yield taken


def say(gateway: Gunicorn, word: str) -> None:
    """Have a warning written with this word: gunicorn names a method that it cannot read."""
    with socket.create_connection(("127.0.0.1", gateway.port), 20) as connection:
        connection.sendall(f"said-{word} / HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        connection.recv(100)


def line(page: Page, word: str) -> Any:
    return page.locator("#log-lines .log-line", has_text=f"said-{word}")


def test_a_paused_log_loses_neither_its_place_nor_a_line(gateway, visitor):
    page = visitor.go("/log")
    say(gateway, "first")
    expect(line(page, "first")).to_have_count(1)

    page.get_by_role("button", name="Pause").click()
    say(gateway, "second")
    say(gateway, "third")
    expect(page.get_by_role("button", name="Resume (")).to_be_visible()
    expect(line(page, "second")).to_have_count(0)
    page.get_by_role("button", name="Resume (").click()

    expect(line(page, "first")).to_have_count(1)
    expect(line(page, "second")).to_have_count(1)
    expect(line(page, "third")).to_have_count(1)


def test_what_is_planted_in_a_line_is_drawn_as_text(visitor, redis_server):
    planting.log(planting.planted("in-log"), "c" * 32, redis_server)
    page = visitor.go("/log?request_id=" + "c" * 32)

    expect(page.get_by_text("in-log")).to_be_visible()
    page.get_by_role("button", name="cccccccc").click()
    expect(page.locator("#log-trace-lines").get_by_text("in-log")).to_be_visible()

    assert page.locator("img[src=x], [onerror]").count() == 0


def test_a_log_that_nobody_sees_gives_its_place_back_and_goes_on_where_it_was(
    gateway, visitor, places_taken
):
    page = visitor.go("/log")
    say(gateway, "before")
    expect(line(page, "before")).to_have_count(1)

    page.evaluate(HIDE, True)
    wait_until(lambda: places_taken() == 0, what="the place to come free")
    say(gateway, "unseen")
    page.evaluate(HIDE, False)

    expect(line(page, "unseen")).to_have_count(1)
    expect(line(page, "before")).to_have_count(1)
    expect(page.locator("#log-state")).to_have_text("Live")


def test_a_page_says_that_its_session_ended_when_somebody_logs_out_in_another_tab(visitor):
    page = visitor.go("/")
    now = page.locator("#now")
    expect(now).to_have_attribute("data-live-state", "live")

    other = visitor.context.new_page()
    other.goto("/me")
    other.get_by_role("button", name="Log out", exact=True).click()
    other.wait_for_url("**/login")

    expect(now).to_have_attribute("data-live-state", "reconnecting", timeout=20_000)
    ended = "Your session has ended. Load the page again to log in."
    expect(now).to_have_attribute("data-live-words", ended, timeout=20_000)
