"""What ten thousand forged webhooks at full speed cost the genuine ones, in the same run."""

from __future__ import annotations

from bench.gateway import running_gateway
from bench.senders import Load, Order, Sent
from bench.tables import Spread, Table

FORGED = 10_000
FORGERS = 4
GENUINE = 4
ALONE_SECONDS = 5.0
RUNS = 5


def measure() -> Table:
    """Compare five pairs: genuine webhooks alone, and while the forged ones come."""
    pairs = []
    with running_gateway() as gateway:
        Load(Order(gateway.port, GENUINE, seconds=2)).result()
        for _ in range(RUNS):
            alone = Load(Order(gateway.port, GENUINE, ALONE_SECONDS)).result()
            flood = Load(Order(gateway.port, FORGERS, most=FORGED, secret="a guess"))  # noqa: S106
            under = Load(Order(gateway.port, GENUINE, ALONE_SECONDS)).result()
            pairs.append((alone, under, flood.result()))
    names = ("genuine, alone", "genuine, in the flood", "forged")
    rate = Spread([under.rate / alone.rate for alone, under, _ in pairs], 2)
    time = Spread([under.percentile(0.5) / alone.percentile(0.5) for alone, under, _ in pairs], 2)
    return Table(
        f"{GENUINE} genuine senders, and {FORGED:,} forged webhooks from {FORGERS} others at full "
        f"speed. {RUNS} pairs; median (least to most).",
        ("", "per second", "p50 ms", "p99 ms", "statuses"),
        [_row(name, [pair[it] for pair in pairs]) for it, name in enumerate(names)],
        (f"genuine in the flood against alone: rate x{rate}, p50 x{time}",),
    )


def _row(name: str, runs: list[Sent]) -> list[object]:
    return [
        name,
        Spread([run.rate for run in runs]),
        Spread([run.percentile(0.5) for run in runs], 1),
        Spread([run.percentile(0.99) for run in runs], 1),
        ", ".join(str(it) for it in sorted({status for run in runs for status in run.statuses})),
    ]
