"""The charts of the last 24 hours: what was done, and how long work had to wait. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from core.clock import age
from core.measurements import (
    GIVEN_UP,
    HELD,
    TO_JIRA,
    TO_PEOPLEFORCE,
    WAIT,
    WEBHOOKS,
    Point,
    series,
)
from core.models import Measurement
from gateway.charts import Chart, Layer, draw

LAST_HOUR = 4
"""Bars of an hour, the present one included."""


@dataclass(frozen=True)
class DayChart:
    """A chart with the number above it, and what its colours mean."""

    title: str
    number: str
    about: str
    svg: Markup
    legend: Sequence[tuple[str, str]]
    """Class and meaning of each colour; empty where there is one, and all of it was measured."""


@dataclass(frozen=True)
class _Line:
    label: str
    kind: str
    points: list[Point]


def day_charts(rows: Sequence[Measurement], moment: datetime) -> list[DayChart]:
    """Give the charts of the day that ends at `moment`."""

    def line(label: str, kind: str, names: Sequence[str], *, highest: bool = False) -> _Line:
        return _Line(label, kind, series(rows, names, moment, highest=highest))

    return [
        _counted(
            "written",
            "Changes written",
            line("to Jira", "a", TO_JIRA),
            line("to PeopleForce", "b", TO_PEOPLEFORCE),
        ),
        _counted("webhooks", "Webhooks worked on", line("webhooks", "a", WEBHOOKS)),
        _counted(
            "errors",
            "Given up or held",
            line("given up", "danger", GIVEN_UP),
            line("held by a tripped rule", "warning", HELD),
        ),
        _longest(line("longest wait", "warning", [WAIT], highest=True)),
    ]


def _counted(key: str, title: str, *lines: _Line) -> DayChart:
    whole = sum(point.value or 0 for one in lines for point in one.points)
    hour = sum(point.value or 0 for one in lines for point in one.points[-LAST_HOUR:])
    each = ", ".join(
        f"{one.label} {sum(point.value or 0 for point in one.points):,}" for one in lines
    )
    summary = f"In the last 24 hours: {each}. In the last hour: {hour:,} in all."
    about = f"in 24 h, {hour:,} in the last hour"
    return _chart(key, title, lines, number=f"{whole:,}", about=about, summary=summary)


def _longest(line: _Line) -> DayChart:
    values = [point.value or 0 for point in line.points]
    whole, hour = _span(max(values)), _span(max(values[-LAST_HOUR:]))
    summary = f"The longest wait in the last 24 hours was {whole}, in the last hour {hour}."
    about = f"at most in 24 h, {hour} in the last hour"
    title = "How long work waited"
    return _chart("wait", title, [line], number=whole, about=about, summary=summary, written=_span)


def _chart(
    key: str,
    title: str,
    lines: Sequence[_Line],
    *,
    number: str,
    about: str,
    summary: str,
    written: Callable[[int], str] = "{:,}".format,
) -> DayChart:
    layers = [Layer(one.label, one.kind, [point.value for point in one.points]) for one in lines]
    moments = [point.at for point in lines[0].points]
    svg = draw(Chart(key, title, moments, layers, summary, written))
    legend = [(one.kind, one.label) for one in lines] if len(lines) > 1 else []
    if any(all(layer.values[place] is None for layer in layers) for place in range(len(moments))):
        legend.append(("unknown", "not measured"))
    return DayChart(title, number, about, svg, legend)


def _span(seconds: int) -> str:
    return age(timedelta(seconds=seconds))
