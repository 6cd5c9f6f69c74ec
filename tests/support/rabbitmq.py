"""A RabbitMQ of a test's own: real, on free ports, with all its files in one folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from kombu import Connection

from tests.support.stack import free_ports

START_SECONDS = 60

# Debian's /usr/sbin/rabbitmq-server changes to the packaged server's user and folders first.
_SCRIPTS = ("/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/rabbitmq/sbin/rabbitmq-server")


def rabbitmq_binary() -> str | None:
    """Give the script that starts the server, wherever Debian or an image keeps it."""
    found = [path for path in _SCRIPTS if Path(path).exists()]
    return found[0] if found and shutil.which("erl") and shutil.which("epmd") else None


class RabbitServer:
    """A RabbitMQ that tests may stop, freeze and start again; what it holds is kept meanwhile.

    Its name server (epmd) is its own as well: the machine's would outlive the test.
    """

    def __init__(self, folder: Path, binary: str) -> None:
        self._folder, self._binary = folder, binary
        port, distribution, self._names = free_ports(3)
        self.url = f"amqp://guest:guest@127.0.0.1:{port}//"
        plugins = folder / "plugins"
        plugins.write_text("[].\n")
        config = folder / "rabbitmq.conf"
        config.write_text(
            # Tests count nothing by statistics, and small machines have little room.
            "loopback_users.guest = true\ndisk_free_limit.absolute = 1MB\nlog.console = false\n"
        )
        # The inherited environment without what other servers were told.
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("RABBITMQ_", "ERL_"))}
        own = {
            "HOME": folder,  # The cookie that lets Erlang's nodes talk to each other.
            "ERL_EPMD_PORT": self._names,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"igw{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": port,
            "RABBITMQ_DIST_PORT": distribution,
            "RABBITMQ_MNESIA_BASE": folder / "data",
            "RABBITMQ_LOG_BASE": folder / "log",
            "RABBITMQ_CONF_ENV_FILE": folder / "none",
            "RABBITMQ_CONFIG_FILE": config,
            "RABBITMQ_ENABLED_PLUGINS_FILE": plugins,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        }
        self._env = {**inherited, **{name: str(value) for name, value in own.items()}}
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start it, with what it had, and return when it takes connections."""
        self._run("epmd", "-port", str(self._names), "-address", "127.0.0.1")
        self._run(self._binary)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self._running[-1].poll() is not None or time.monotonic() > deadline:
                self.stop()
                said = (self._folder / "out").read_text(errors="replace")[-2000:]
                message = f"RabbitMQ did not start:\n{said}"
                raise RuntimeError(message)
            time.sleep(0.1)

    def answers(self) -> bool:
        """Say whether it takes connections."""
        try:
            with Connection(self.url, connect_timeout=1) as connection:
                connection.connect()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """End it at once, as a lack of memory does."""
        self.send(signal.SIGKILL)
        for process in self._running:
            process.wait(10)
        self._running.clear()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to all its processes: SIGSTOP lets it hang, SIGCONT goes on."""
        for process in self._running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)

    def _run(self, *command: str) -> None:
        with (self._folder / "out").open("ab") as out:
            self._running.append(
                subprocess.Popen(
                    command, env=self._env, cwd=self._folder, stdout=out, stderr=out,
                    stdin=subprocess.DEVNULL, start_new_session=True,
                )
            )  # fmt: skip
