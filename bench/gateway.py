"""A gateway of our own to measure: gunicorn as the product runs it, on a fresh store and Redis."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.ports import free_ports
from cli.preflight import find_redis
from core.settings import ROOT, get_settings

SECRET = "a-secret-for-measuring"  # noqa: S105 - opens nothing
TIMEOUT = 60


@contextmanager
def running_gateway(**settings: object) -> Generator[int]:
    """Run a gateway inside the block and give its port; keyword arguments are settings."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port, redis_port = free_ports(2)
        own = {
            "env_file": folder / "no.env",
            "data_dir": folder / "data",
            "gateway_port": port,
            "redis_port": redis_port,
            "jira_webhook_secrets": SECRET,
            **settings,
        }
        env = {**os.environ, **{f"IGW_{name.upper()}": str(value) for name, value in own.items()}}
        redis = [str(find_redis(get_settings())), "--port", str(redis_port), "--save", ""]
        stack.enter_context(_running(redis, env, folder))
        migrate = [sys.executable, "-m", "cli.main", "migrate"]
        with _running(migrate, env, ROOT) as migration:
            migration.wait(TIMEOUT)
        gunicorn = ("--config", "python:gateway.gunicorn_config", "gateway.app:create_app()")
        stack.enter_context(_running([sys.executable, "-m", "gunicorn", *gunicorn], env, ROOT))
        _await(f"http://127.0.0.1:{port}/healthz")
        yield port


@contextmanager
def _running(
    command: list[str], env: dict[str, str], folder: Path
) -> Generator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(  # noqa: S603 - our own programs
        command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(TIMEOUT)


def _await(url: str) -> None:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own gateway
                return
        except OSError:
            time.sleep(0.05)
    message = f"{url} did not answer within {TIMEOUT} s"
    raise TimeoutError(message)
