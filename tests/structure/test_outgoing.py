"""Whom the gateway speaks to: who is not in charge of its environment chooses no address."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from core.domain_settings import _problem
from core.domains import load_domains
from core.settings import ROOT

SPEAKERS = {
    "connectors/session.py": "vendors, at the settings' addresses; redirects are not followed",
    "connectors/transport.py": "the same",
    "core/log_seq.py": "Seq, at the address of the settings; redirects are not followed",
    "core/supervisord.py": "supervisord, through its socket in the file system",
    "gateway/auth/google.py": "Google, at addresses in the code",
    "gateway/dashboard/flower.py": "Flower, at the settings' address; redirects are not followed",
    "gateway/deadline_worker.py": "whoever called: it wraps gunicorn's own connections",
    "cli/ready.py": "the gateway itself, on this machine",
    "cli/preflight.py": "binds ports and speaks to nobody",
}
"""What can open a connection by itself, and whom it speaks to."""

OPENERS = {
    "requests.Session",
    "urllib3",
    "urllib.request",
    "http.client",
    "httpx",
    "aiohttp",
    "smtplib",
    "ftplib",
    "socket.create_connection",
    "socket.socket",
    "jwt.PyJWKClient",
    *(f"requests.{verb}" for verb in ("get", "post", "put", "patch", "delete", "head", "request")),
}

SOURCES = sorted(
    path
    for folder in ("connectors", "core", "gateway", "tasks", "cli")
    for path in (ROOT / folder).rglob("*.py")
    if "node_modules" not in path.parts
)

ADDRESSES = (
    "https://evil.example/x",
    "http://169.254.169.254/latest/meta-data",
    "//evil.example",
    "evil.example",
    "file:///etc/passwd",
    "127.0.0.1:6379",
)


def opened_by(path: Path) -> set[str]:
    """Give what of `OPENERS` a module names."""
    tree = ast.parse(path.read_text())
    named = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            named.add(f"{node.value.id}.{node.attr}")
    return {one for one in named if one in OPENERS or one.partition(".")[0] == "urllib3"}


def test_only_modules_that_are_known_open_connections():
    speaking = {str(path.relative_to(ROOT)) for path in SOURCES if opened_by(path)}

    assert speaking == SPEAKERS.keys(), (
        "a module opens connections by itself: let it use connectors/session.py, which bounds the "
        "time, follows no redirect and keeps secrets to itself; or say here whom it speaks to"
    )


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_setting_of_the_dashboard_takes_an_address(address):
    specs = [spec for domain in load_domains() for spec in domain.settings]
    assert specs
    for spec in specs:
        assert _problem(spec, address), (
            f"the setting {spec.key} takes {address}: addresses belong into the environment, since "
            "an admin of the dashboard must not lead the gateway into the company's network"
        )
