"""Webhooks while all else is taken: 32 callers wait, 64 pages are open, and the broker is away.

How long they take, in the same run as alone, and how long caller 33 takes to be sent away.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

from bench.gateway import redis_command, running_gateway
from bench.processes import running
from bench.senders import Load, Order, Sent
from bench.streams import STREAMS, Page, log_in
from bench.tables import Spread, Table
from core.settings import ROOT
from tests.support.stack import free_ports

CALLERS = 32
SENDERS = 4
SECONDS = 4.0
RUNS = 3
WAIT_SECONDS = 20.0
"""How long callers wait: longer than a run takes."""

TROUBLES = {"dead": signal.SIGKILL, "hanging": signal.SIGSTOP}


def measure() -> Table:
    """Compare pairs with a broker that dies and with one that hangs."""
    rows: list[list[object]] = []
    remarks = []
    for trouble, number in TROUBLES.items():
        runs = [_run(number) for _ in range(RUNS)]
        rows.append(_row(f"alone, then broker {trouble}", [alone for alone, _, _ in runs]))
        rows.append(_row(f"crowded, broker {trouble}", [crowded for _, crowded, _ in runs]))
        told = {status for _, _, (status, _) in runs}
        after = Spread([1000 * seconds for _, _, (_, seconds) in runs])
        remarks.append(f"caller {CALLERS + 1}, broker {trouble}: {told} after {after} ms")
    return Table(
        f"Webhooks from {SENDERS} senders, alone, and while {CALLERS} callers wait, {STREAMS} live "
        f"pages are open and the broker is away. {RUNS} pairs of {SECONDS:.0f} s each; median "
        "(least to most).",
        ("", "per second", "p50 ms", "p99 ms", "statuses"),
        rows,
        remarks,
    )


def _run(trouble: signal.Signals) -> tuple[Sent, Sent, tuple[int, float]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        [broker_port] = free_ports(1)
        broker = stack.enter_context(running(redis_command(broker_port), os.environ, folder))
        # What hangs cannot be asked to end.
        stack.callback(broker.send_signal, signal.SIGCONT)
        gateway = stack.enter_context(
            running_gateway(
                data_dir=folder / "data",
                broker_url=f"redis://127.0.0.1:{broker_port}/0",
                command_seconds=WAIT_SECONDS,
                dev_login="true",
            )
        )
        port = gateway.port
        Load(Order(port, SENDERS, seconds=1)).result()
        alone = Load(Order(port, SENDERS, SECONDS)).result()
        key, cookie = _new_key(folder), log_in(port)
        for _ in range(STREAMS):
            stack.callback(Page(port, cookie).close)
        callers = [threading.Thread(target=_ask, args=(port, key)) for _ in range(CALLERS)]
        for caller in callers:
            caller.start()
        # All of them have asked and wait by then.
        time.sleep(2)
        broker.send_signal(trouble)
        load = Load(Order(port, SENDERS, SECONDS))
        one_more = _ask(port, key)
        crowded = load.result()
        if not all(caller.is_alive() for caller in callers):
            message = "not all callers waited to the end of the measurement"
            raise AssertionError(message)
        for caller in callers:
            caller.join()
    return alone, crowded, one_more


def _ask(port: int, key: str) -> tuple[int, float]:
    """Ask a command that nobody answers; give the status and the seconds it took."""
    began = time.perf_counter()
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        body = json.dumps({"record": "1"})
        connection.request("POST", "/commands/pf_jira/look_up", body, headers)
        answer = connection.getresponse()
        answer.read()
    return answer.status, time.perf_counter() - began


def _new_key(folder: Path) -> str:
    command = [sys.executable, "-m", "cli.main", "keys", "create", "bench", "--json"]
    env = {**os.environ, "IGW_ENV_FILE": str(folder / "no.env"), "IGW_DATA_DIR": f"{folder}/data"}
    made = subprocess.run(  # noqa: S603 - our own program
        command, cwd=ROOT, env=env, check=True, capture_output=True, text=True
    )
    return json.loads(made.stdout)["key"]


def _row(name: str, runs: list[Sent]) -> list[object]:
    return [
        name,
        Spread([run.rate for run in runs]),
        Spread([run.percentile(0.5) for run in runs], 1),
        Spread([run.percentile(0.99) for run in runs], 1),
        sorted({status for run in runs for status in run.statuses}),
    ]
