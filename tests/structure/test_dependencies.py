"""The product runs with what it declares: no package of the development group holds it up."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions

from core.settings import ROOT

IMPORTS_ALL = """
import importlib, json, os, pkgutil, sys

refused = set(json.loads(sys.argv[1]))

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Refuse())
# What each process loads by a name that stands in a setting or in a library.
names = ["celeryconfig", "kombu.transport.redis", "kombu.transport.pyamqp", "celery.bin.worker",
         "celery.bin.beat", "flower.command", "gunicorn.app.wsgiapp", "supervisor.supervisord",
         "sqlalchemy.dialects.sqlite.pysqlite", "core.log_seq", "alembic.command"]
for package in ("cli", "connectors", "core", "gateway", "sandbox", "tasks"):
    names += [m.name for m in pkgutil.walk_packages([package], f"{package}.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
"""


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_everything_can_be_imported_without_the_packages_of_development(settings_env):
    uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    exported = subprocess.run(
        [
            *(uv, "export", "--frozen", "--no-dev", "--no-hashes", "--no-emit-project", "--quiet"),
            *("--extra", "postgresql"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    shipped = {normalised(name) for name in re.findall(r"^([\w.-]+)==", exported, re.MULTILINE)}
    refused = sorted(
        module
        for module, owners in packages_distributions().items()
        if not any(normalised(owner) in {*shipped, "integration-gateway"} for owner in owners)
    )
    assert "pytest" in refused, "this test would refuse nothing"

    done = subprocess.run(
        [sys.executable, "-c", IMPORTS_ALL, json.dumps(refused)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, (
        "an import needs a package that only development brings: declare it under [project] in "
        f"pyproject.toml\n{done.stderr[-2000:]}"
    )
