"""Webhooks accepted: verified, committed to the disk and answered, by gunicorn as it is run."""

from __future__ import annotations

from statistics import median

from bench.gateway import running_gateway
from bench.senders import Load, Order

CONNECTIONS = (1, 16, 64)
SECONDS = 6.0
RUNS = 3


def measure() -> None:
    """Print rate and times of answers, each the median of three runs of six seconds."""
    print(f"{'connections':>11} {'webhooks/s':>11} {'p50 ms':>8} {'p99 ms':>8} {'worst ms':>9}")
    with running_gateway() as port:
        Load(Order(port, 8, seconds=2)).result()
        for connections in CONNECTIONS:
            runs = [Load(Order(port, connections, SECONDS)).result() for _ in range(RUNS)]
            if any(run.statuses != {202} for run in runs):
                message = f"not all were accepted: {[run.statuses for run in runs]}"
                raise AssertionError(message)
            print(
                f"{connections:>11} {median(run.rate for run in runs):>11.0f} "
                f"{median(run.percentile(0.5) for run in runs):>8.1f} "
                f"{median(run.percentile(0.99) for run in runs):>8.1f} "
                f"{median(run.percentile(1) for run in runs):>9.1f}"
            )
