"""The peer of the web tier, in an environment of its own: it takes only older Redis clients."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from bench.gateway import SECRET, redis_command
from bench.processes import Server, await_answer, running
from core.settings import ROOT
from tests.support.stack import free_ports

ENVIRONMENT = ROOT / "bench" / "peers" / ".venv"


@contextmanager
def running_peer() -> Generator[Server]:
    """Run the receiver on FastAPI and ARQ inside the block, in two processes as ours."""
    _install()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port, redis_port = free_ports(2)
        stack.enter_context(running(redis_command(redis_port), os.environ, folder))
        env = {**os.environ, "PEER_SECRET": SECRET, "PEER_REDIS_PORT": str(redis_port)}
        command = [
            str(ENVIRONMENT / "bin" / "uvicorn"), "receiver:app", "--port", str(port),
            "--workers", "2", "--loop", "uvloop", "--http", "httptools", "--no-access-log",
        ]  # fmt: skip
        process = stack.enter_context(running(command, env, ROOT / "bench" / "peers"))
        await_answer(f"http://127.0.0.1:{port}/healthz")
        yield Server(port, psutil.Process(process.pid))


def _install() -> None:
    # `uv run` tells where it is.
    uv = os.environ.get("UV", "uv")
    env = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(ENVIRONMENT)}
    env.pop("VIRTUAL_ENV", None)
    command = [uv, "sync", "--quiet", "--only-group", "peers"]
    subprocess.run(command, cwd=ROOT, env=env, check=True)  # noqa: S603 - our own lock file
