"""The machine under a stack: its clock can be stepped, and its disk can be full.

Each needs something that not every machine has, a C compiler or the right to mount; without it the
trials that need it are left out, and that is said.
"""

from __future__ import annotations

import errno
import struct
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

SHIM = Path(__file__).parent / "inject" / "clock.c"

DISK_SIZE = "96m"
"""Room for what a stack writes in all trials of a seed."""

VENDORS_FILES = ("sandbox/jira.sqlite3", "sandbox/peopleforce.sqlite3")
"""Below a stack's data: what belongs to the stand-ins, whose disks are their own."""

BALLAST = "ballast"
_BLOCK = bytes(1 << 20)


class Clock:
    """The time of day of a stack's processes; the vendors, and this process, keep the right one."""

    def __init__(self, folder: Path) -> None:
        """Build the library that is loaded into the processes; needs `cc`."""
        self._shared = folder / "clock"
        self._shared.write_bytes(struct.pack("q", 0))
        library = folder / "clock.so"
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-O1", "-o", library, SHIM, "-ldl"],
            check=True,
            capture_output=True,
        )
        self.env = {"LD_PRELOAD": str(library), "CHAOS_CLOCK": str(self._shared)}
        self.ahead = 0

    def step(self, seconds: int) -> None:
        """Step the clock of all processes at once."""
        self.ahead += seconds
        with self._shared.open("r+b") as shared:
            shared.write(struct.pack("q", self.ahead))


class Disk:
    """A small disk of its own for a stack's data; needs the right to mount.

    The stand-ins' records are kept outside, in `elsewhere`.
    """

    def __init__(self, folder: Path, elsewhere: Path) -> None:
        folder.mkdir(parents=True)
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_SIZE}", "igw-chaos", folder],
            check=True,
            capture_output=True,
        )
        self._folder = folder
        for name in VENDORS_FILES:
            link = folder / name
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(elsewhere / link.name)

    def fill(self) -> None:
        """Leave no room at all."""
        with (self._folder / BALLAST).open("ab", buffering=0) as ballast:
            block = _BLOCK
            while block:
                try:
                    ballast.write(block)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    block = block[: len(block) // 2]

    def free(self) -> None:
        """Make room again."""
        (self._folder / BALLAST).unlink(missing_ok=True)

    def remove(self) -> None:
        """Take the disk away, with all that is on it."""
        subprocess.run(["umount", "--lazy", self._folder], check=False, capture_output=True)


class Machine:
    """What can be done to the machine here: `clock` and `disk` are None where they cannot."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.clock: Clock | None = None
        self.disk: Disk | None = None
        with suppress(OSError, subprocess.CalledProcessError):
            self.clock = Clock(folder)
        with suppress(OSError, subprocess.CalledProcessError):
            self.disk = Disk(data, folder)

    @property
    def env(self) -> dict[str, str]:
        """The environment that the stack's processes need."""
        return self.clock.env if self.clock else {}

    @property
    def ahead(self) -> int:
        """By how many seconds the stack's clock is ahead of the right time."""
        return self.clock.ahead if self.clock else 0

    def remove(self) -> None:
        """Leave nothing behind."""
        if self.disk:
            self.disk.remove()


def missing() -> list[str]:
    """Say in words which trials this machine cannot make."""
    with tempfile.TemporaryDirectory(prefix="igw-chaos-") as name:
        folder = Path(name)
        machine = Machine(folder, folder / "data")
        machine.remove()
    said = [] if machine.clock else ["no C compiler (cc): the clock is not stepped"]
    return said + ([] if machine.disk else ["no right to mount: the disk is never full"])
