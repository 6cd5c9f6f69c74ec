"""supervisord goes on while its logs cannot be written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import ROOT

FULL = Path("/dev/full")

LOG_TO_A_FULL_DISK = f"""
import sys
from supervisor.loggers import getLogger, handle_file
from cli.supervisord import outlive_full_disks

if sys.argv[1] == "ours":
    outlive_full_disks()
logger = getLogger()
handle_file(logger, {str(FULL)!r}, "%(message)s\\n", rotating=True, maxbytes=1000, backups=1)
for number in range(1000):
    logger.info(f"line {{number}}")
"""


def log(how: str) -> int:
    with FULL.open("wb") as stream:
        done = subprocess.run(
            [sys.executable, "-c", LOG_TO_A_FULL_DISK, how], cwd=ROOT, stderr=stream, check=False
        )
    return done.returncode


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_costs_log_lines_and_nothing_else():
    assert log("ours") == 0
    assert log("as it comes") != 0, "supervisord needs no help any more"
