"""The canary of each worker, and the watch that workers keep over each other.

Every worker looks at all canaries, without help from beat: so a dead beat, and a dead worker of
another domain, are noticed by whoever still lives.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import redis
from celery import Task, bootsteps
from sqlalchemy.exc import SQLAlchemyError

from core import alerts, liveness
from core.alerts import raise_alert
from core.breaker import open_breakers
from core.clock import now
from core.database import get_engine, reading, writing
from core.dispatch import publish
from core.domains import load_domains
from core.liveness import EVERY_SECONDS, Trouble
from core.redis_client import get_redis
from tasks import app

log = logging.getLogger(__name__)


def _register(domain: str) -> None:
    @app.task(name=f"{domain}.canary", bind=True, max_retries=0)
    def canary(self: Task, worker: str) -> None:
        """Come back: beat sends, the broker carries and this worker works."""
        liveness.note(worker, str(self.request.origin))


for _domain in load_domains():
    _register(_domain.name)


def watch(up_for: float) -> None:
    """Have people told of what does not do its work, once, and of its end.

    `up_for` is for how many seconds the asker has been running.
    """
    found = liveness.troubles(liveness.ages(), up_for)
    found += liveness.vendors_down(open_breakers(get_redis()), now())
    sole = (liveness.two_beats(liveness.beats()), liveness.store_refused())
    tell([*found, *(trouble for trouble in sole if trouble is not None)])


def tell(found: list[Trouble]) -> None:
    """Raise what is new and resolve what is over; writes only where either is so."""
    with reading() as session:
        told = set(alerts.open_among(session, liveness.CAUSES))
    wanted = {trouble.cause: trouble for trouble in found}
    new, over = wanted.keys() - told, told - wanted.keys()
    if not new and not over:
        return
    with writing() as session:
        for cause in new:
            trouble = wanted[cause]
            raise_alert(session, cause=cause, title=trouble.title, text=trouble.text)
            log.error("not_working", extra={"cause": cause, "title": trouble.title})
        for cause in over:
            alerts.resolve(session, cause)
            log.info("working_again", extra={"cause": cause})
    # Beat may be what is missing, so the delivery does not wait for its schedule.
    publish("ops.deliver_alerts", True)


class Watch(bootsteps.StartStopStep):
    """Looks at the canaries every minute, from the worker's own process and its own timer."""

    requires = {"celery.worker.components:Timer"}  # noqa: RUF012 - Celery's form

    def __init__(self, parent: Any, **_: object) -> None:  # noqa: ANN401, ARG002 - Celery's worker
        self._started = time.monotonic()
        self._entry: Any = None

    def start(self, parent: Any) -> None:  # noqa: ANN401 - as above
        """Begin to look."""
        self._entry = parent.timer.call_repeatedly(EVERY_SECONDS, self._look)

    def stop(self, parent: Any) -> None:  # noqa: ANN401, ARG002 - as above
        """Look no more."""
        if self._entry is not None:
            self._entry.cancel()
            self._entry = None

    def _look(self) -> None:
        try:
            watch(time.monotonic() - self._started)
        except (redis.RedisError, SQLAlchemyError) as error:
            log.warning("watch_failed", extra={"error": type(error).__name__})
        finally:
            # Children are forked from this process: they must not inherit an open connection.
            get_engine().dispose()


_steps: Any = app.steps
_steps["worker"].add(Watch)
