"""What each page of the dashboard costs the server, with years of data: time and queries.

Every GET route that needs a role and no answer of another server is asked, so a page that is added
is measured without a word here. Routes with parts in their address get those of a record that is
there.
"""

from __future__ import annotations

import gc
import os
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bench.tables import Table

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.routing import Rule as Route

RUNS = 30

PARTS = {
    "record": "7050000",
    "task_id": "7050000",
    "record_id": "7050000",
    "delivery_id": "50000",
    "letter_id": "2500",
    "rule_id": "100",
    "name": "Prepare laptops 0",
    "version": "1",
    "replay_id": "1",
    "user_id": "1",
}
"""A value for each part that an address may have; a route with another part is named as skipped."""

QUERIES = (
    "/search?q=iryna koval laptop",
    "/search?q=prepare",
    "/search?q=l",
    "/search?q=HR-50001",
    "/links/data?page=200&sort=updated",
    "/links/data?state=synced&sort=updated",
    "/links/data?state=dead&q=laptop",
    "/links/data?q=koval&sort=updated",
    "/links/data?waiting=1",
    "/deliveries/data?state=dead",
    "/deliveries/data?page=200",
    "/dead-letters/data?text=option",
    "/dead-letters/data?kind=held&page=10",
    "/activity?text=summary",
    "/activity?text=nothing-has-this",
    "/activity?record=7050000",
)
"""Questions whose cost depends on what is asked; those whose page is not there are left out."""


def measure() -> Table:
    """Measure p50 and p95 of the server's time, the number of queries and the bytes, page by page.

    On a machine that does other work as well, the CPU's time is the one to compare.
    `IGW_BENCH_DATA` names a folder that keeps the filled database for the next time.
    """
    kept = os.environ.get("IGW_BENCH_DATA")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(kept or temporary)
        os.environ["IGW_DATA_DIR"] = str(folder)
        os.environ["IGW_ENV_FILE"] = str(folder / "no.env")
        os.environ["IGW_LOG_LEVEL"] = "ERROR"
        os.environ["IGW_DEV_LOGIN"] = "true"
        _fill_once()
        return _measure()


def _fill_once() -> None:
    # Imported here and below: the settings must not be read before the folder is set.
    from sqlalchemy import select  # noqa: PLC0415

    from bench.huge import Size, fill  # noqa: PLC0415
    from core.database import reading  # noqa: PLC0415
    from core.migrate import upgrade  # noqa: PLC0415
    from core.models import Link  # noqa: PLC0415
    from core.settings import get_settings  # noqa: PLC0415

    upgrade(get_settings())
    with reading() as session:
        if session.scalar(select(Link.id).limit(1)) is not None:
            return
    started = time.monotonic()
    fill(Size())
    print(f"filled in {time.monotonic() - started:.0f} s: {Size()}")


def _measure() -> Table:
    from gateway.app import create_app  # noqa: PLC0415

    app = create_app()
    # As gunicorn does it once the app is built (`gateway/gunicorn_config.py`).
    gc.collect()
    gc.freeze()
    client = logged_in(app)
    counter = _QueryCounter()
    slow, rows = [], []
    for address in addresses(app):
        seconds, answer, queries = _ask(client, address, counter)
        p50, p95 = (share([it[0] for it in seconds]) * 1000 for share in (statistics.median, _p95))
        cpu = _p95([it[1] for it in seconds]) * 1000
        if p95 > 50:  # noqa: PLR2004 - the aim, in milliseconds
            slow.append(address)
        rows.append(
            [
                address,
                answer.status_code,
                f"{p50:.1f}",
                f"{p95:.1f}",
                f"{cpu:.1f}",
                queries,
                f"{len(answer.data) / 1024:.0f}",
            ]
        )
    return Table(
        "The server's time for each page with 100,000 links, 500,000 rows of activity and 200 "
        f"rules. {RUNS} requests each.",
        ("page", "status", "p50 ms", "p95 ms", "p95 CPU ms", "queries", "KiB"),
        rows,
        (f"above 50 ms at p95: {', '.join(slow) or 'none'}",),
    )


def _ask(client: FlaskClient, address: str, counter: _QueryCounter):  # noqa: ANN202
    client.get(address)  # The first one compiles the template and fills the caches of SQLAlchemy.
    seconds = []
    for _ in range(RUNS):
        counter.count = 0
        started, computed = time.perf_counter(), time.process_time()
        answer = client.get(address)
        seconds.append((time.perf_counter() - started, time.process_time() - computed))
    return seconds, answer, counter.count


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


class _QueryCounter:
    """Counts the statements that this process sends to the database."""

    def __init__(self) -> None:
        from sqlalchemy import event  # noqa: PLC0415

        from core.database import get_engine  # noqa: PLC0415

        self.count = 0
        event.listen(get_engine(), "before_cursor_execute", self._note)

    def _note(self, *_: object) -> None:
        self.count += 1


def logged_in(app: Flask) -> FlaskClient:
    """Give a client that is logged in as admin; `IGW_DEV_LOGIN` has to be set."""
    client = app.test_client()
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/login").text)
    form = {"role": "admin", "csrf_token": token[1] if token else ""}
    answer = client.post("/login/development", data=form)
    assert answer.location == "/", answer.text  # noqa: S101 - else strangers' pages are measured
    return client


def addresses(app: Flask) -> Iterator[str]:
    """Give the addresses of all pages, and name those that cannot be asked."""
    from gateway.access import DECISION  # noqa: PLC0415

    paths = set()
    for route in sorted(app.url_map.iter_rules(), key=str):
        decision = getattr(app.view_functions[route.endpoint], DECISION, "")
        if "GET" not in (route.methods or ()) or not decision.startswith("role"):
            continue
        address = _filled(route)
        if address is None:
            print(f"{str(route)[:44]:<44}   left out: no value for a part of its address")
        elif "/live" not in address and "/stream" not in address:
            paths.add(address)
            yield address
    yield from (it for it in QUERIES if it.partition("?")[0] in paths)


def _filled(route: Route) -> str | None:
    if not route.arguments <= PARTS.keys():
        return None
    address = str(route)
    for part in route.arguments:
        for form in (f"<int:{part}>", f"<path:{part}>", f"<{part}>"):
            address = address.replace(form, PARTS[part])
    return address
