"""Webhooks accepted: ours, on disk before the answer, beside a peer that writes nothing down."""

from __future__ import annotations

from dataclasses import dataclass

from bench.gateway import running_gateway
from bench.peer import running_peer
from bench.processes import Server
from bench.senders import Load, Order
from bench.tables import Spread, Table

CONNECTIONS = (1, 16, 64)
SIZES = (2_000, 50_000)
SECONDS = 4.0
RUNS = 5


@dataclass(frozen=True)
class _Run:
    rate: float
    p50: float
    p99: float
    cpu: float
    """Milliseconds of CPU for one request, Redis not counted."""


def measure() -> Table:
    """Compare five pairs of runs of four seconds, one of ours and one of theirs in turn."""
    rows = []
    with running_gateway() as ours, running_peer() as theirs:
        for server in (ours, theirs):
            Load(Order(server.port, 8, seconds=2)).result()
        for size in SIZES:
            for connections in CONNECTIONS:
                pairs = [
                    (_run(ours, connections, size), _run(theirs, connections, size))
                    for _ in range(RUNS)
                ]
                rows.append(_row(f"{connections} x {size // 1000} kB", pairs))
    return Table(
        "Webhooks verified and accepted by two processes. Ours commits the delivery to the disk "
        "before it answers; the peer (FastAPI, ARQ, uvloop, httptools) puts it into Redis alone. "
        f"{RUNS} pairs of {SECONDS:.0f} s; ratios are those of the pairs. Median (least to most).",
        (
            "connections x body", "ours/s", "peer/s", "ratio of rates", "p50 ms, ours : peer",
            "p99 ms, ours : peer", "CPU ms, ours : peer",
        ),
        rows,
    )  # fmt: skip


def _run(server: Server, connections: int, size: int) -> _Run:
    before = server.cpu()
    sent = Load(Order(server.port, connections, SECONDS, size=size)).result()
    if sent.statuses != {202}:
        message = f"not all were accepted: {sorted(sent.statuses)}"
        raise AssertionError(message)
    cpu = (server.cpu() - before) / len(sent.seconds) * 1000
    return _Run(sent.rate, sent.percentile(0.5), sent.percentile(0.99), cpu)


def _row(name: str, pairs: list[tuple[_Run, _Run]]) -> list[object]:
    def both(what: str, digits: int) -> str:
        ours, theirs = (Spread([getattr(pair[it], what) for pair in pairs]) for it in (0, 1))
        return f"{ours.middle:.{digits}f} : {theirs.middle:.{digits}f}"

    return [
        name,
        Spread([ours.rate for ours, _ in pairs]),
        Spread([theirs.rate for _, theirs in pairs]),
        Spread([ours.rate / theirs.rate for ours, theirs in pairs], 2),
        both("p50", 1),
        both("p99", 1),
        both("cpu", 2),
    ]
