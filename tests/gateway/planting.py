"""What strangers could plant: markup and template code in every place that somebody else words."""

from __future__ import annotations

import json
import logging
from html.parser import HTMLParser

from core import activity, alerts, audit, reports, shadow, users
from core.clock import now
from core.database import writing
from core.dead_letters import bury
from core.log_lines import LineFormatter, settled
from core.log_redaction import Redact
from core.log_stream import StreamSink
from core.models import Delivery, DeliveryState, LinkState, Role, ShadowVerdict
from core.settings import get_settings
from core.shadow import Found
from tests.gateway import records, ruling
from tests.store.conftest import set_values

PRODUCT = "62615533"
"""What the template code in a plant would become."""

RECORD = "4242"


def planted(mark: str) -> str:
    """Give a text that would leave an attribute, add an element and run as a template."""
    return f"\"'><img src=x onerror=alert()>{{{{7919*7907}}}}{mark}"


def plant_everywhere() -> set[str]:
    """Fill database and Redis with plants, each in another place, and give their marks."""
    marks = set()

    def plant(mark: str) -> str:
        marks.add(mark)
        return planted(mark)

    title, person, reason = plant("in-title"), plant("in-person"), plant("in-reason")
    link_id = records.task(
        RECORD,
        title,
        state=LinkState.DEAD,
        reason=reason,
        snapshot={
            "id": int(RECORD),
            "title": title,
            "completed": False,
            "assigned_to": {"id": 1, "full_name": person, "email": "x@acme.example"},
        },
    )
    rule = ruling.save(
        name=plant("in-rule-name"),
        conditions=[
            {"path": "$.title", "operator": "contains", "value": plant("in-condition")},
        ],
        fields=[
            {"field": "summary", "sources": [{"path": "$.title"}]},
            {
                "field": ruling.OFFICE,
                "name": plant("in-own-field-name"),
                "sources": [{"static": plant("in-static")}],
            },
        ],
    )
    ruling.trip(rule, plant("in-tripped"))
    ruling.jira_has(plant("in-jira-option"), name=plant("in-jira-field"))
    delivery_id = records.webhook(
        topic=plant("in-topic"),
        headers={"X-Header": plant("in-header")},
        body=json.dumps({"issue": {"fields": {"summary": plant("in-body")}}}).encode(),
    )
    set_values(Delivery, delivery_id, state=DeliveryState.DEAD, reason=plant("in-delivery"))
    with writing() as session:
        bury(
            session,
            domain="pf_jira",
            unit="link",
            unit_id=link_id,
            record=RECORD,
            reason=plant("in-letter"),
            attempts=1,
        )
        activity.note(
            session,
            "pf_jira",
            RECORD,
            "updated",
            plant("in-activity"),
            issue_key=f"HR-{RECORD}",
            changes={"summary": {"from": plant("in-change"), "to": "New"}},
            rule_id=rule.id,
        )
        audit.note(
            session,
            plant("in-actor"),
            "changed",
            plant("in-subject"),
            before={"name": plant("in-before")},
            why=plant("in-why"),
        )
        alerts.raise_alert(
            session, cause="a", title=plant("in-alert"), text=plant("in-alert-text"), record=RECORD
        )
        run_id = shadow.ask(session, "pf_jira", plant("in-asker"))
        found = Found(rule.id, rule.version, ShadowVerdict.UNFIT, plant("in-finding"))
        shadow.advance(session, run_id, found, "strike")
        invited = users.invite(session, "stranger@acme.example", Role.VIEWER, plant("in-inviter"))
        invited.name = plant("in-own-name")
    reports.save(
        "pf_jira.poll",
        {"began": now().isoformat(), "seconds": 1.0, "error": plant("in-poll-error")},
    )
    log(plant("in-log"), "b" * 32, get_settings().resolved_redis_url)
    return marks


def log(text: str, request_id: str, redis_url: str) -> None:
    """Have a line in the live log that bears this text."""
    record = logging.makeLogRecord({"name": "x", "levelname": "WARNING", "msg": text})
    record.request_id = request_id
    line = LineFormatter("worker-pf_jira", Redact()).line(settled(record))
    StreamSink(redis_url).write([line])


class Seen(HTMLParser):
    """A page or a fragment: all its text and attributes, and what in it would run."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.harm: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        values = {name: value or "" for name, value in attrs}
        self.text += "".join(f" {value}" for value in values.values())
        own = values.get("src", "").startswith("/assets/")
        if (tag in {"script", "img"} and not own) or tag in {"iframe", "object", "embed", "base"}:
            self.harm.append(f"<{tag}> {values}")
        for name, value in values.items():
            runs = name.startswith(("on", "hx-on")) or name in {"style", "srcdoc"}
            leads = name in {"href", "src", "action", "formaction", "hx-get", "hx-post"}
            if runs or (leads and not value.startswith(("/", "#", "https://", "http://127."))):
                self.harm.append(f"<{tag} {name}={value!r}>")

    def handle_data(self, data):
        self.text += f" {data}"
