"""The editor of a rule: nothing typed is lost, and nothing unseen is overwritten."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
import redis

from core import rules
from core.models import RuleState
from core.rule_text import to_yaml
from gateway.dashboard.rules import world
from tests.gateway.conftest import published
from tests.gateway.ruling import (
    EXAMPLE,
    FORM,
    LAPTOPS,
    OFFICE,
    answer_command,
    jira_has,
    last_request_id,
    post,
    save,
    see_tasks,
    stored,
    text_of,
)
from tests.gateway.test_pages import Page

ROUND_TRIPS = [
    LAPTOPS,
    {**LAPTOPS, "action": "drop", "fields": []},
    {**LAPTOPS, "time_zone": "Europe/Kyiv", "recreate_deleted": True, "examples": [EXAMPLE]},
    {
        **LAPTOPS,
        "conditions": [
            {"path": "$.completed", "operator": "equals", "value": False},
            {"path": "$.id", "operator": "one_of", "value": [1, 2]},
            {"path": "$.title", "operator": "one_of", "value": ["a b", "c"]},
            {"path": "$.ends_on", "operator": "exists"},
        ],
    },
    {
        **LAPTOPS,
        "fields": [
            {
                "field": "summary",
                "sources": [
                    {"template": "For {{ title }}\nand more", "strict": True},
                    {"path": "$.title", "table": {"a": "b", "c": None}, "otherwise": "d"},
                ],
                "when_empty": "violation",
            },
            {"field": "labels", "sources": [{"static": ["one", "two"]}], "format": "plain"},
            {"field": "x", "sources": [{"static": {"id": [1, None]}}]},
        ],
    },
]


@pytest.fixture
def default_rule() -> bool:
    return False


@pytest.fixture
def admin(admin):
    admin.get("/rules")
    return admin


def controls(html: str) -> list[tuple[str, str]]:
    """Give what a browser sends of the rule's form."""
    return Controls(html).found


class Controls(Page):
    def __init__(self, html: str) -> None:
        self.found: list[tuple[str, str]] = []
        self._select = self._area = ""
        self._inside = False
        super().__init__(html)

    def handle_starttag(self, tag, attrs):
        super().handle_starttag(tag, attrs)
        values = dict(attrs)
        if tag == "form":
            self._inside = values.get("id") == "rule-form"
        if not self._inside:
            return
        if tag == "input" and "name" in values:
            if values.get("type") in ("checkbox", "radio"):
                if "checked" in values:
                    self.found.append((values["name"], values.get("value") or "on"))
            else:
                self.found.append((values["name"], values.get("value") or ""))
        elif tag == "select":
            self._select = values["name"]
        elif tag == "option" and self._select and "selected" in values:
            self.found.append((self._select, values["value"]))
        elif tag == "textarea":
            self._area = values["name"]
            self.found.append((self._area, ""))

    def handle_endtag(self, tag):
        super().handle_endtag(tag)
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data):
        super().handle_data(data)
        if self._area:
            self.found[-1] = (self._area, self.found[-1][1] + data)


@pytest.mark.parametrize("rule", ROUND_TRIPS, ids=range(len(ROUND_TRIPS)))
def test_a_form_that_nobody_touched_changes_nothing(admin, rule):
    row = save(**{"conditions": [], "examples": [], **rule})
    form = controls(text_of(admin.get(f"/rules/{row.id}")))
    assert ("view", "form") in form

    answer = admin._send(
        "POST",
        "/rules/save",
        [("HX-Request", "true"), ("Content-Type", "application/x-www-form-urlencoded")],
        urlencode(form).encode(),
    )
    if row.examples:
        answer_command({"problem": "", "lines": [], "examples": 1})
        form.append(("check", last_request_id()))
        answer = admin._send(
            "POST",
            "/rules/save",
            [("HX-Request", "true"), ("Content-Type", "application/x-www-form-urlencoded")],
            urlencode(form).encode(),
        )

    assert "Nothing was changed." in text_of(answer)
    assert stored(row.id).version == 1


def test_what_the_form_cannot_show_is_edited_as_yaml(admin):
    fields = [{"field": "summary", "sources": [{"path": "$.title", "table": {"a": ["b"]}}]}]
    row = save(fields=fields)

    assert ("view", "yaml") in controls(text_of(admin.get(f"/rules/{row.id}")))


def test_a_new_rule_begins_out_of_force_and_belongs_to_who_made_it(admin):
    answer = post(admin, "/rules/save", **FORM, note="for IT")

    assert answer.headers["HX-Redirect"] == "/rules/1"
    assert stored(1).state is RuleState.DISABLED
    assert rules.written(stored(1)) == {**LAPTOPS, "action": "sync"}
    assert "for IT" in text_of(admin.get("/rules/1/history"))


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        ({"name": ""}, "errors-name", "has no name"),
        ({"priority": "first"}, "errors-priority", "whole number"),
        ({"project": ""}, "errors-project", "does not say where"),
        ({"time_zone": "Mars"}, "errors-time_zone", "no time zone"),
        ({"conditions-0-path": "title["}, "errors-conditions-0-path", "is not a path"),
        ({"conditions-0-value": ""}, "errors-conditions-0-value", "no value to compare"),
        ({"conditions-0-operator": "like"}, "errors-conditions-0-operator", "no operator"),
        ({"fields-0-sources-0-text": "$["}, "errors-fields-0-sources-0", "not a JSONPath"),
        (
            {"fields-0-sources-0-kind": "template", "fields-0-sources-0-text": "{{ x.__class__ }}"},
            None,
            "",
        ),
        (
            {"fields-0-sources-0-kind": "template", "fields-0-sources-0-text": "{% for a in b %}"},
            "errors-fields-0-sources-0",
            "",
        ),
        ({"fields-0-sources-0-kind": "evil"}, "errors-fields-0-sources-0", "A source is one of"),
        (
            {"fields-0-sources-0-kind": "json", "fields-0-sources-0-text": "{"},
            "errors-fields-0-sources-0",
            "not JSON",
        ),
        ({"examples": "- ["}, "errors-examples", "not YAML"),
        ({"examples": "- name: x"}, "errors-examples", "missing"),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_typed_is_lost(admin, change, place, words):
    answer = post(admin, "/rules/save", **{**FORM, **change})

    if place is None:  # The engine takes it, and reads nothing of Python by it.
        assert answer.status == 200
        return
    assert answer.status == 422
    page = Page(text_of(answer))
    assert place in page.of("id")
    assert words in page.text
    sent = dict(controls(text_of(answer)))
    for name, value in {**FORM, **change}.items():
        if name != "conditions-0-operator" and not name.endswith("-kind"):
            assert sent.get(name, "").strip() == value, name


@pytest.mark.parametrize(
    "template",
    ["{{ ''.__class__.__mro__ }}", "{{ title.__init__.__globals__ }}", "{{ config }}",
     "{{ cycler.__init__ }}", "{{ self._TemplateReference__context }}", "{{ request.environ }}"],
)  # fmt: skip
def test_a_template_reaches_nothing_but_the_record(admin, template):
    jira_has("Lviv")
    see_tasks("a laptop")
    form = {"fields-0-sources-0-kind": "template", "fields-0-sources-0-text": template}

    text = text_of(post(admin, "/rules/preview", **{**FORM, **form}))

    for leak in ("class '", "module", "SECRET", "Config", "object at", "function"):
        assert leak not in text


def test_a_hostile_field_and_option_are_text_in_the_editor(admin):
    hostile = "\"><script>alert(1)</script>'"
    jira_has(hostile, name=hostile)
    see_tasks("a laptop " + hostile)
    static = {"fields-1-sources-0-static": hostile, "fields-1-name": hostile, "name": hostile}
    for path in ("/rules/form", "/rules/preview", "/rules/save"):
        answer = text_of(post(admin, path, **{**FORM, **static, "priority": "x"}))
        assert "<script>alert" not in answer, path
    assert "<script>alert" not in text_of(post(admin, "/rules/form", **{**FORM, **static}))


def test_the_second_of_two_is_told_who_changed_what_and_overwrites_nothing(admin):
    save(conditions=[])
    save(conditions=[], priority=33)

    answer = post(admin, "/rules/save", **FORM, rule_id=1, version=1)

    assert answer.status == 409
    text = text_of(answer)
    assert "Nothing was overwritten" in text
    assert "a test" in text
    assert "priority 10 -&gt; 33" in text
    assert dict(controls(text))["conditions-0-value"] == "laptop", "what was typed is still there"
    assert stored(1).version == 2


def test_a_name_that_another_rule_has_is_refused_at_the_name(admin):
    save(name="Taken")

    answer = post(admin, "/rules/save", **{**FORM, "name": "Taken"})

    assert answer.status == 422
    assert "errors-name" in Page(text_of(answer)).of("id")


def test_a_rule_is_renamed_and_stays_the_same_rule(admin):
    save()

    post(admin, "/rules/save", **{**FORM, "name": "Other"}, rule_id=1, version=1)

    assert (stored(1).name, stored(1).version) == ("Other", 2)


def test_the_examples_of_a_rule_in_force_are_tried_before_it_changes(admin):
    save(examples=[EXAMPLE])
    form = {**FORM, "rule_id": 1, "version": 1, "priority": "20", "examples": text_of_example()}

    waiting = text_of(post(admin, "/rules/save", **form))
    assert "Trying the rule&#39;s examples" in waiting or "Trying the rule's examples" in waiting
    assert stored(1).version == 1
    arguments = answer_command({"problem": "its example failed", "lines": ["no"], "examples": 1})
    assert arguments["document"]["priority"] == 20
    check = last_request_id()
    refused = text_of(post(admin, "/rules/save", **form, check=check))
    assert "Nothing was saved: its example failed" in refused
    post(admin, "/rules/save", **form, check=check, force="on")

    assert stored(1).version == 2
    assert "forced, although its example failed" in text_of(admin.get("/rules/1/history"))


def text_of_example() -> str:
    return to_yaml([EXAMPLE])


def test_the_answer_for_another_text_is_not_taken_for_this_one(admin):
    save(examples=[EXAMPLE])
    form = {**FORM, "rule_id": 1, "version": 1, "examples": text_of_example()}
    post(admin, "/rules/save", **{**form, "priority": "20"})
    answer_command({"problem": "", "lines": [], "examples": 1})

    post(admin, "/rules/save", **{**form, "priority": "30"}, check=last_request_id())

    assert stored(1).version == 1


def test_the_form_knows_the_schema_demanded_fields_first(admin):
    jira_has("Kyiv", "Lviv")
    form = {key: value for key, value in FORM.items() if not key.startswith("fields-1")}

    page = Page(text_of(post(admin, "/rules/form", **form)))
    assert "is demanded by Jira" in page.text
    assert f"fill-{OFFICE}" in page.of("id")
    filled = Page(text_of(post(admin, "/rules/form", **form, do=f"add field {OFFICE}")))

    assert f"fill-{OFFICE}" not in filled.of("id")
    assert {"Kyiv", "Lviv"} <= set(filled.of("value"))
    assert "IT &amp; co" in text_of(post(admin, "/rules/form", **form))


def test_a_schema_that_is_not_known_is_asked_for_and_nobody_waits(admin, redis_client):
    redis_client.delete("igw:pf_jira.commands")
    first = text_of(admin.get("/rules/target?project=IT&issue_type=Task"))
    admin.get("/rules/target?project=IT&issue_type=Task&tries=1")

    assert "/rules/target?" in first
    asked = published(redis_client, "pf_jira.commands")
    assert [message["args"] for message in asked] == [["IT", "Task"]], "once, however many look"
    jira_has("Lviv")
    done = Page(text_of(admin.get("/rules/target?project=IT&issue_type=Task&tries=2")))
    assert "Jira's fields were read 0 s ago" in done.text
    assert "/rules/form" in done.of("hx-post"), "the form is drawn anew"


def test_without_redis_a_rule_can_still_be_written(admin, monkeypatch):
    def away():
        raise redis.ConnectionError

    monkeypatch.setattr(world, "get_prompt_redis", away)

    assert "Redis does not answer" in text_of(post(admin, "/rules/form", **FORM))
    assert post(admin, "/rules/preview", **FORM).status == 200


def test_the_preview_counts_and_says_why_one_would_fail(admin):
    jira_has("Kyiv")
    save(name="Before", priority=1, conditions=[
        {"path": "$.title", "operator": "contains", "value": "old"}])  # fmt: skip
    see_tasks("a laptop", "an old laptop", "a desk")

    text = " ".join(Page(text_of(post(admin, "/rules/preview", **FORM))).text.split())

    assert "It matches 2 of the 3 newest tasks; 1 of them goes to Before" in text
    assert "1 would fail" in text
    assert "Allowed: Kyiv" in text


def test_a_preview_says_whom_it_does_not_know(admin):
    jira_has("Lviv")
    see_tasks("a laptop", assigned_to={"id": 1, "full_name": "A", "email": "a@acme.example"})
    form = {"fields-2-field": "assignee", "fields-2-sources-0-kind": "path",
            "fields-2-sources-0-text": "$.assigned_to.email"}  # fmt: skip

    text = " ".join(Page(text_of(post(admin, "/rules/preview", **FORM, **form))).text.split())

    assert "It fits Jira" in text
    assert "1 person was not looked up in Jira yet" in text
    assert "a@acme.example" in text


def test_the_view_is_switched_and_switched_back_without_a_loss(admin):
    yaml = dict(controls(text_of(post(admin, "/rules/form", **FORM, do="switch"))))
    assert yaml["view"] == "yaml"
    form = dict(controls(text_of(post(admin, "/rules/form", **yaml, do="switch"))))

    assert {key: form.get(key) for key in FORM} == FORM


@pytest.mark.parametrize(
    "yaml", ["[", "a: &a [*a]", "- 1\n- 2", "name: x", "!!python/object:os.system x"]
)
def test_yaml_that_makes_no_rule_is_told_and_kept(admin, yaml):
    answer = post(admin, "/rules/save", view="yaml", yaml=yaml)

    assert answer.status == 422
    assert dict(controls(text_of(answer)))["yaml"].strip() == yaml
    assert "errors-rule" in Page(text_of(answer)).of("id")


@pytest.mark.parametrize("step", ["add", "remove condition 99", "remove field x", "raise source",
                                  "add field ", "nonsense", "remove source 0 0 0 0"])  # fmt: skip
def test_a_step_that_means_nothing_changes_nothing(admin, step):
    answer = post(admin, "/rules/form", **FORM, do=step)

    assert {key: dict(controls(text_of(answer))).get(key) for key in FORM} == FORM
