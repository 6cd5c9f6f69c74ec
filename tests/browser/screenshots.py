"""A picture of every page: empty, as usual and after years; wide and on a phone; light and dark.

    make screenshots                     # into data/screenshots
    python -m tests.browser.screenshots --into FOLDER --data usual

Look at them: whatever overlaps, is cut off or cannot be read is a defect.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import astuple
from pathlib import Path

from playwright.sync_api import Browser

from bench.huge import Size
from core.settings import ROOT
from tests.conftest import RedisServer
from tests.gateway.conftest import Gunicorn
from tests.support.stack import Stack
from tests.support.visiting import PHONE, WIDE, Visitor, chromium

VIEWS = {
    "wide-light": {"viewport": WIDE, "color_scheme": "light"},
    "wide-dark": {"viewport": WIDE, "color_scheme": "dark"},
    "phone-light": {"viewport": PHONE, "color_scheme": "light"},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark"},
}
SETTLE_MS = 700
"""What tables and event streams need to bring their first rows."""

FILL = "import sys; from bench.huge import Size, fill; fill(Size(*map(int, sys.argv[1:])))"


@contextmanager
def gateway_alone(folder: Path, size: Size | None) -> Generator[str]:
    """Run a gateway and a Redis, without workers, on a database that is empty or of a size."""
    redis = RedisServer(folder)
    redis.start()
    gateway = Gunicorn(folder, redis.url, dev_login=True)
    try:
        gateway.start()
        if size:
            rows = map(str, astuple(size))
            filling = [sys.executable, "-c", FILL, *rows]
            subprocess.run(filling, cwd=ROOT, env=gateway.env, check=True)
        yield f"http://127.0.0.1:{gateway.port}"
        gateway.stop()
    finally:
        redis.stop()


@contextmanager
def usual(folder: Path) -> Generator[str]:
    """Run the whole stack with its sandbox, and wait until its tasks are issues."""
    stack = Stack(folder, poll_interval_seconds=5)
    try:
        stack.start()
        while json.loads(stack.igw("status", "--json").stdout)["links"].get("synced", 0) < 150:
            time.sleep(1)
        yield stack.url("gateway")
    finally:
        stack.destroy()


DATA: dict[str, Callable[[Path], AbstractContextManager[str]]] = {
    "empty": lambda folder: gateway_alone(folder, None),
    "usual": usual,
    "huge": lambda folder: gateway_alone(folder, Size()),
}


def pages(visitor: Visitor) -> dict[str, str]:
    """Give the address of every page of the menu, and of one record, rule and delivery."""
    links = visitor.go("/").locator("nav#menu a")
    found = {link.inner_text(): link.get_attribute("href") or "/" for link in links.all()}
    for listed, name in (("/links", "Record"), ("/rules", "Rule"), ("/deliveries", "Delivery")):
        inside = visitor.go(listed).locator("main a[href*='/records/'], main a[href*='/rules/'], "
                                            "main a[href*='/deliveries/']")  # fmt: skip
        visitor.page.wait_for_timeout(SETTLE_MS)
        wanted = [a.get_attribute("href") or "" for a in inside.all()]
        wanted = [href for href in wanted if "new" not in href and "data" not in href]
        if wanted:
            found[name] = wanted[0]
    found |= {"Found": "/search?q=laptop", "New rule": "/rules/new", "My log-ins": "/me"}
    if "Rule" in found:
        found |= {f"Rule {part}": f"{found['Rule']}/{part}" for part in ("fit", "history")}
    return {name: href for name, href in found.items() if name != "Flower"}


def take(browser: Browser, url: str, into: Path) -> list[str]:
    """Take all pictures of one gateway; give what its pages complained about."""
    complaints = []
    addresses: dict[str, str] = {}
    for view, options in VIEWS.items():
        visitor = Visitor(browser, url, **options)
        visitor.log_in("admin")
        addresses = addresses or pages(visitor)
        for name, address in addresses.items():
            visitor.go(address)
            visitor.page.wait_for_timeout(SETTLE_MS)
            visitor.page.screenshot(path=into / f"{name.lower().replace(' ', '-')}-{view}.png")
        complaints += visitor.complaints
        visitor.close()
    return complaints


def main() -> None:
    """Take the pictures and say where they are."""
    parser = argparse.ArgumentParser(description="A picture of every page of the dashboard.")
    parser.add_argument("--into", type=Path, default=ROOT / "data" / "screenshots")
    parser.add_argument("--data", choices=DATA, action="append", help="default: all three")
    options = parser.parse_args()
    for data in options.data or DATA:
        into = options.into / data
        into.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory() as folder,
            DATA[data](Path(folder)) as url,
            chromium() as browser,
        ):
            complaints = take(browser, url, into)
        print(f"{into}: {len(list(into.glob('*.png')))} pictures")
        for complaint in complaints:
            print(f"  complaint: {complaint}")


if __name__ == "__main__":
    main()
