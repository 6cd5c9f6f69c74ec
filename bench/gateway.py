"""A gateway of our own to measure: gunicorn as the product runs it, on a fresh store and Redis."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from bench.processes import TIMEOUT, Server, await_answer, running
from cli.preflight import find_redis
from core.settings import ROOT, get_settings
from tests.support.stack import free_ports

SECRET = "a-secret-for-measuring"  # noqa: S105 - opens nothing


@contextmanager
def running_gateway(**settings: object) -> Generator[Server]:
    """Run a gateway inside the block; keyword arguments are settings."""
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
        stack.enter_context(running(redis_command(redis_port), env, folder))
        migrate = [sys.executable, "-m", "cli.main", "migrate"]
        with running(migrate, env, ROOT) as migration:
            migration.wait(TIMEOUT)
        gunicorn = ("--config", "python:gateway.gunicorn_config", "gateway.app:create_app()")
        command = [sys.executable, "-m", "gunicorn", *gunicorn]
        process = stack.enter_context(running(command, env, ROOT))
        await_answer(f"http://127.0.0.1:{port}/healthz")
        yield Server(port, psutil.Process(process.pid))


def redis_command(port: int) -> list[str]:
    """Give the command of a Redis that keeps nothing on disk."""
    return [str(find_redis(get_settings())), "--port", str(port), "--save", ""]
