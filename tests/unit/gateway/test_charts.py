"""Charts: what is drawn, and what those learn who do not see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from gateway.charts import BOTTOM, HEIGHT, TOP, WIDTH, Chart, Layer, draw

START = datetime(2026, 11, 20, 15, 15, tzinfo=UTC)
VALUES = st.none() | st.integers(0, 10**7)


def chart(*layers: list[int | None], title: str = "Changes written", **options) -> Chart:
    named = [Layer(f"layer {n}", "a", values) for n, values in enumerate(layers)]
    moments = [START + n * timedelta(minutes=15) for n in range(len(layers[0]))]
    return Chart("x", title, moments, named, "What it shows.", **options)


def drawn(one: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(draw(one))  # noqa: S314 - our own


def bars(svg: ElementTree.Element, kind: str = "chart-a") -> list[ElementTree.Element]:
    return [rect for rect in svg.iter("rect") if rect.get("class") == kind]


def test_the_highest_bar_fills_the_plot_and_the_others_are_in_proportion():
    svg = drawn(chart([0, 5, 10]))

    half, full = bars(svg)
    assert float(full.get("height") or 0) == HEIGHT - TOP - BOTTOM
    assert float(half.get("height") or 0) * 2 == float(full.get("height") or 0)
    assert "10 at most" in "".join(svg.itertext())


def test_each_bar_says_its_moment_and_value():
    svg = drawn(chart([1_000, None], [1, None]))

    titles = [title.text for title in svg.iter("title")][1:]
    assert titles == ["15:15 UTC: layer 0 1,000, layer 1 1", "15:30 UTC: not measured"]


def test_what_was_not_measured_looks_different_from_nothing():
    svg = drawn(chart([0, None]))

    assert len(bars(svg, "chart-unknown")) == 1
    assert not bars(svg)


def test_a_chart_is_named_and_described_for_those_who_do_not_see_it():
    svg = drawn(chart([1]))

    title, about = (svg.get("aria-labelledby") or "").split()
    found = {one.get("id"): one.text for one in svg}
    assert (svg.get("role"), found[title], found[about]) == (
        "img",
        "Changes written",
        "What it shows.",
    )


def test_values_are_written_as_the_chart_says():
    svg = drawn(chart([90], written=lambda seconds: f"{seconds} s"))

    assert "90 s at most" in "".join(svg.itertext())


def test_no_text_becomes_markup():
    svg = draw(chart([1], title='"><script>alert(1)</script>'))

    assert "<script" not in svg


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=96))
def test_whatever_the_numbers_nothing_leaves_the_plot(rows):
    svg = drawn(chart([a for a, _ in rows], [b for _, b in rows]))

    for rect in svg.iter("rect"):
        x, y, width, height = (float(rect.get(name) or 0) for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert x + width <= WIDTH
        # Two bars that are too low to be seen are drawn 1.5 high.
        assert y >= TOP - 3
        assert y + height <= HEIGHT - BOTTOM + 0.01
