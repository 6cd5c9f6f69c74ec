"""All that the overview shows, read in a fixed number of questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core import alerts, measurements
from core.clock import now
from core.database import reading
from core.models import Alert, Measurement
from core.status import Status, read_status


@dataclass(frozen=True)
class Overview:
    """A status, the troubles that are not over, and what was measured in the last day."""

    moment: datetime
    status: Status
    alerts: Sequence[Alert]
    measured: Sequence[Measurement]


def read_overview() -> Overview:
    """Read it; works while Redis is down."""
    status = read_status()
    with reading() as session:
        return Overview(now(), status, alerts.raised(session), measurements.last_day(session))
