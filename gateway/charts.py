"""Small charts as SVG, drawn on the server: no script, and colours that follow the page's theme.

Pure: from numbers to markup. A chart has a title and a description for those who do not see it, and
each bar says its moment and value to whoever points at it. Colours are classes (`charts.css`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup

WIDTH, HEIGHT = 480, 132
TOP, BOTTOM, LEFT, RIGHT = 18, 20, 4, 4
"""Margins: above the bars stands the highest value, below them the hours."""

TICK = timedelta(hours=6)
_PLOT = HEIGHT - TOP - BOTTOM


@dataclass(frozen=True)
class Layer:
    """One colour of a chart: a value for each bar, None where there is none to show."""

    label: str
    kind: str
    """Class of its bars: `a`, `b`, `warning` or `danger`."""
    values: Sequence[int | None]


@dataclass(frozen=True)
class Chart:
    """Bars over time, the layers stacked on each other."""

    key: str
    """Unique in the page."""
    title: str
    moments: Sequence[datetime]
    """When each bar begins; evenly spaced."""
    layers: Sequence[Layer]
    summary: str
    """What the chart shows, in a sentence for those who do not see it."""
    written: Callable[[int], str] = "{:,}".format
    """How a value is written."""


def draw(chart: Chart) -> Markup:
    """Give the chart as an `<svg>` element, scaled to the width of what it stands in."""
    names = f"chart-{chart.key}-title chart-{chart.key}-about"
    svg = Element(
        "svg",
        {
            "class": "chart",
            "viewBox": f"0 0 {WIDTH} {HEIGHT}",
            "role": "img",
            "aria-labelledby": names,
        },
    )
    SubElement(svg, "title", {"id": f"chart-{chart.key}-title"}).text = chart.title
    SubElement(svg, "desc", {"id": f"chart-{chart.key}-about"}).text = chart.summary
    highest = max(_totals(chart), default=0)
    _add_frame(svg, chart, highest)
    for number, moment in enumerate(chart.moments):
        _add_bar(svg, chart, number, moment, highest)
    _add_hours(svg, chart.moments)
    # ElementTree has escaped every text and attribute that it was given.
    return Markup(tostring(svg, encoding="unicode", short_empty_elements=False))  # noqa: S704


def _totals(chart: Chart) -> list[int]:
    return [sum(layer.values[n] or 0 for layer in chart.layers) for n in range(len(chart.moments))]


def _add_frame(svg: Element, chart: Chart, highest: int) -> None:
    for y in (TOP, HEIGHT - BOTTOM):
        line = {"x1": str(LEFT), "x2": str(WIDTH - RIGHT), "y1": str(y), "y2": str(y)}
        SubElement(svg, "line", {"class": "chart-line", **line})
    if highest:
        at = {"x": str(LEFT), "y": str(TOP - 6), "class": "chart-text"}
        SubElement(svg, "text", at).text = f"{chart.written(highest)} at most"


def _add_bar(svg: Element, chart: Chart, number: int, moment: datetime, highest: int) -> None:
    step = (WIDTH - LEFT - RIGHT) / len(chart.moments)
    x, width = LEFT + number * step, max(step - 1, 0.5)
    group = SubElement(svg, "g", {"class": "chart-bar"})
    values = [layer.values[number] for layer in chart.layers]
    SubElement(group, "title").text = _words(chart, moment, values)
    unknown = all(value is None for value in values)
    # The whole height answers to the pointer: a bar of one pixel is hard to hit.
    _add_rect(group, "chart-unknown" if unknown else "chart-hit", x=x, width=step, height=_PLOT)
    below = 0.0
    for layer, value in zip(chart.layers, values, strict=True):
        if value:
            height = max(value / highest * _PLOT, 1.5)
            _add_rect(group, f"chart-{layer.kind}", x=x, width=width, height=height, below=below)
            below += height


def _add_rect(
    group: Element, kind: str, *, x: float, width: float, height: float, below: float = 0.0
) -> None:
    SubElement(
        group,
        "rect",
        {
            "class": kind,
            "x": f"{x:.2f}",
            "y": f"{HEIGHT - BOTTOM - below - height:.2f}",
            "width": f"{width:.2f}",
            "height": f"{height:.2f}",
        },
    )


def _words(chart: Chart, moment: datetime, values: Sequence[int | None]) -> str:
    when = f"{moment:%H:%M} UTC"
    if all(value is None for value in values):
        return f"{when}: not measured"
    named = [
        f"{layer.label} {chart.written(value or 0)}"
        for layer, value in zip(chart.layers, values, strict=True)
    ]
    return f"{when}: {', '.join(named)}"


def _add_hours(svg: Element, moments: Sequence[datetime]) -> None:
    step = (WIDTH - LEFT - RIGHT) / max(len(moments), 1)
    for number, moment in enumerate(moments):
        since_midnight = timedelta(hours=moment.hour, minutes=moment.minute)
        if since_midnight % TICK == timedelta(0):
            x = f"{LEFT + number * step:.2f}"
            line = {"x1": x, "x2": x, "y1": str(TOP), "y2": str(HEIGHT - BOTTOM + 3)}
            SubElement(svg, "line", {"class": "chart-line", **line})
            # In the last bars there is no room to the right of the line.
            end = number * step > WIDTH * 0.9
            text = {"x": x, "y": str(HEIGHT - 6), "class": "chart-text"}
            anchor = {"text-anchor": "end"} if end else {}
            SubElement(svg, "text", {**text, **anchor}).text = f"{moment:%H:%M}"
