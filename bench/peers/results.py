"""A peer of commands: Celery's own results. `python -m bench.peers.results REDIS_URL COUNT`."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from celery import Celery

app = Celery("peer")
app.conf.update(task_default_queue="peer", worker_hijack_root_logger=False)


@app.task(name="peer.answer")
def answer() -> dict[str, str]:
    """Answer at once."""
    return {"state": "synced"}


def main(redis_url: str, count: int) -> None:
    """Print the milliseconds of each question as JSON."""
    app.conf.update(broker_url=redis_url, result_backend=redis_url)
    options = ("--broker", redis_url, "--result-backend", redis_url)
    command = [
        sys.executable, "-m", "celery", "--app", "bench.peers.results:app", *options,
        "worker", "--concurrency", "2", "--loglevel", "ERROR", "--queues", "peer",
        "--without-mingle", "--without-gossip",
    ]  # fmt: skip
    worker = subprocess.Popen(  # noqa: S603 - our own program
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(20):
            answer.delay().get(timeout=60)
        taken = []
        for _ in range(count):
            before = time.perf_counter()
            answer.delay().get(timeout=60)
            taken.append((time.perf_counter() - before) * 1000)
    finally:
        worker.terminate()
        worker.wait(60)
    print(json.dumps(taken))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
