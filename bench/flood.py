"""What ten thousand forged webhooks at full speed cost the genuine ones, in the same run."""

from __future__ import annotations

from statistics import median

from bench.gateway import running_gateway
from bench.senders import Load, Order, Sent

FORGED = 10_000
FORGERS = 4
GENUINE = 4
ALONE_SECONDS = 5.0
RUNS = 5


def measure() -> None:
    """Print both, and the ratios of rate and time; the median of five pairs."""
    pairs = []
    with running_gateway() as port:
        Load(Order(port, GENUINE, seconds=2)).result()
        for _ in range(RUNS):
            alone = Load(Order(port, GENUINE, ALONE_SECONDS)).result()
            flood = Load(Order(port, FORGERS, most=FORGED, forged=True))
            under = Load(Order(port, GENUINE, ALONE_SECONDS)).result()
            pairs.append((alone, under, flood.result()))
    print(f"{'':<26} {'per second':>10} {'p50 ms':>8} {'p99 ms':>8}  statuses")
    for number, name in enumerate(("genuine, alone", "genuine, in the flood", "forged")):
        _print(name, [pair[number] for pair in pairs])
    rate = median(under.rate / alone.rate for alone, under, _ in pairs)
    time = median(under.percentile(0.5) / alone.percentile(0.5) for alone, under, _ in pairs)
    print(f"genuine, in the flood against alone: rate x{rate:.2f}, p50 x{time:.2f}")


def _print(name: str, runs: list[Sent]) -> None:
    statuses = sorted({status for run in runs for status in run.statuses})
    print(
        f"{name:<26} {median(run.rate for run in runs):>10.0f} "
        f"{median(run.percentile(0.5) for run in runs):>8.1f} "
        f"{median(run.percentile(0.99) for run in runs):>8.1f}  {statuses}"
    )
