"""What `/metrics` tells, docs/metrics.md explains, and the alert rules ask for nothing else."""

from __future__ import annotations

import re
from typing import Any, cast

import pytest
import yaml

from core.metrics.counters import REGISTRY
from core.metrics.state import GAUGES
from core.settings import ROOT

RULES = ROOT / "deploy" / "prometheus-rules.yml"

BOUNDED = {
    "service": "names of processes",
    "route": "rules of the app's routes",
    "method": "HTTP's own methods",
    "status": "three digits, or none",
    "source": "declared sources",
    "verdict": "our words",
    "task": "registered tasks",
    "outcome": "our words",
    "vendor": "folders below connectors/",
    "operation": "our names for calls",
    "effect": "core's enumeration",
    "state": "enumerations of the models",
    "kind": "our words",
    "domain": "declared domains",
    "queue": "declared queues",
    "worker": "declared workers",
    "part": "our words",
    "version": "one",
    "python": "one",
}
"""Labels, and why each has few values."""


def in_code() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Give the type and the labels of each metric."""
    found = {gauge.name: ("gauge", gauge.labels) for gauge in GAUGES}
    for metric in cast("Any", REGISTRY._collector_to_names):
        kind = metric._type
        name = metric._name + ("_total" if kind == "counter" else "")
        found[name] = (kind, metric._labelnames)
    return found


def in_docs() -> dict[str, tuple[str, tuple[str, ...]]]:
    rows = re.findall(
        r"^\| `(igw_\w+)` \| (\w+) \|([^|]*)\| [^|]+ \|$",
        (ROOT / "docs" / "metrics.md").read_text(),
        re.MULTILINE,
    )
    return {name: (kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_each_metric_stands_in_the_docs_with_its_type_and_labels_and_no_other():
    assert in_docs() == in_code()


@pytest.mark.parametrize("name", in_code())
def test_names_follow_the_conventions(name):
    # https://prometheus.io/docs/practices/naming/
    kind, _ = in_code()[name]
    assert re.fullmatch(r"igw_[a-z]+(_[a-z]+)*", name)
    assert (kind == "counter") == name.endswith("_total")
    assert not re.search(r"_(ms|minutes|hours|kb|mb|percent)(_|$)", name), "base units only"
    if kind == "histogram":
        assert name.endswith("_seconds")


def test_no_label_has_values_that_somebody_could_make_up():
    used = {label for _, labels in in_code().values() for label in labels}
    unknown = used - BOUNDED.keys()
    assert not unknown, f"say in BOUNDED why {unknown} can have only few values, none of a person"


def test_alerts_ask_for_metrics_and_labels_that_there_are():
    known = in_code()
    for rule in rules():
        expression = str(rule["expr"])
        names = {re.sub("_bucket$", "", name) for name in re.findall(r"igw_\w+", expression)}
        assert names <= known.keys(), rule["alert"]
        labels = set(re.findall(r'[{,](\w+)(?:=~|!~|!=|=)"', expression)) - {"job"}
        allowed = {label for name in names for label in known[name][1]}
        assert labels <= allowed, rule["alert"]


def test_each_alert_says_what_happened_and_what_to_do():
    for rule in rules():
        assert set(rule["annotations"]) == {"summary", "action"}, rule["alert"]
        assert rule["labels"]["severity"] in {"warning", "critical"}, rule["alert"]
