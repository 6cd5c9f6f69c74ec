"""Beat's loop, unmoved by a machine whose clock is set while it runs."""

from __future__ import annotations

import time

from celery.beat import ScheduleEntry, Scheduler
from celery.schedules import schedstate


class SteadyScheduler(Scheduler):
    """Celery's scheduler, but what it plans by is not the time of day.

    After the clock was set back by an hour, Celery's own would send nothing for an hour: its next
    events and the last ones would all lie in the future.
    """

    def _when(
        self,
        entry: ScheduleEntry,  # noqa: ARG002 - as in Celery
        next_time_to_run: float,
        mktime: object = None,  # noqa: ARG002 - as in Celery
    ) -> float:
        """Give the place of an event in the heap; Celery compares only these with each other."""
        return time.monotonic() + (self.adjust(next_time_to_run) or 0)

    def is_due(self, entry: ScheduleEntry) -> schedstate:
        """Ask an entry; one that was last sent in the future was sent before the clock was set."""
        moment = entry.default_now()
        if entry.last_run_at is not None and entry.last_run_at > moment:
            entry.last_run_at = moment
        return super().is_due(entry)
