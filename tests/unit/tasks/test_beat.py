"""Beat goes on sending when the machine's clock is set back."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from celery import Celery
from celery.schedules import schedule

from tasks.beat import SteadyScheduler

HOUR = timedelta(hours=1)


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def time_of_day(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(Celery, "now", lambda _app: clock())
    return clock


@pytest.fixture
def sent_in_ticks(monkeypatch, time_of_day):
    """A beat with one entry, due every hundredth of a second; what it sends is counted."""
    app = Celery("test", broker="memory://", set_as_current=False)
    app.conf.beat_schedule = {
        "often": {"task": "t", "schedule": schedule(timedelta(milliseconds=10), app=app)}
    }
    beat = SteadyScheduler(app, lazy=True)
    beat.setup_schedule()
    sent: list[int] = []
    monkeypatch.setattr(beat, "apply_entry", lambda *_args, **_more: sent.append(1))

    def tick(count: int) -> int:
        sent.clear()
        for _ in range(count):
            time.sleep(0.012)
            time_of_day.moment += timedelta(milliseconds=12)
            beat.tick()
        return len(sent)

    return tick


def test_it_sends_on_after_the_clock_was_set_back(sent_in_ticks, time_of_day):
    assert sent_in_ticks(10) >= 2

    time_of_day.moment -= HOUR

    assert sent_in_ticks(10) >= 2
