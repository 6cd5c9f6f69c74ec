"""A person in a real browser: Debian's Chromium, headless, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    sync_playwright,
)

WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


@contextmanager
def chromium() -> Generator[Browser]:
    """Start the browser and end it; raises `FileNotFoundError` where there is none."""
    program = shutil.which("chromium")
    if program is None:
        message = "chromium is not installed"
        raise FileNotFoundError(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            # Chromium's own sandbox refuses to run as root, and the pages are ours.
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """Somebody with a browser of their own; what the pages complain about is in `complaints`.

    Complaints are errors of scripts and everything that the Content-Security-Policy refused.
    """

    def __init__(self, browser: Browser, url: str, **options: object) -> None:
        self.url = url
        self.complaints: list[str] = []
        self.context: BrowserContext = browser.new_context(base_url=url, **options)  # ty: ignore[invalid-argument-type]
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, message: ConsoleMessage) -> None:
        # What the server refuses is shown on the page; the browser only repeats the status.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def log_in(self, role: str = "admin") -> None:
        """Log in as the sandbox's person of a role."""
        self.page.goto("/login")
        self.page.get_by_role("button", name=f"Log in as {role}").click()
        self.page.wait_for_url(lambda url: "/login" not in url)

    def go(self, path: str) -> Page:
        """Open a page and give it."""
        self.page.goto(path)
        return self.page

    def close(self) -> None:
        """Close the browser's window."""
        self.context.close()
