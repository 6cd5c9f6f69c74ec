"""Moments as people write them on a command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

from core.clock import now

_SPANS = {"m": "minutes", "h": "hours", "d": "days"}


class Moment(click.ParamType):
    """A moment in UTC, or how long ago: `2026-05-04`, `2026-05-04T10:00`, `90m`, `2h`, `3d`."""

    name = "WHEN"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Give the moment; what is neither is refused with both forms."""
        word = str(value)
        if span := re.fullmatch(r"(\d{1,5})([mhd])", word):
            return now() - timedelta(**{_SPANS[span[2]]: int(span[1])})
        try:
            moment = datetime.fromisoformat(word)
        except ValueError:
            problem = f"{word!r} is neither a moment (2026-05-04T10:00) nor a span (90m, 2h, 3d)."
            self.fail(problem, param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
