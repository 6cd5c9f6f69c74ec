"""gunicorn's own words, written as all lines of the gateway are."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from core.logs import configure_logging, process_name
from core.settings import get_settings


class Log(Logger):
    """Hands what gunicorn says to the log of the process."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401 - gunicorn's configuration
        """Configure the log; it is configured again by the app, which may be served otherwise."""
        super().setup(cfg)
        self.error_log.handlers[:] = []
        self.error_log.propagate = True
        configure_logging(process_name("gateway"), get_settings())
