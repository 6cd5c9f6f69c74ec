"""The rules on pages: their order, who may do what, states, history, mends and held changes."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core import audit, dead_letters, rules, shadow
from core.database import reading, writing
from core.mapping import document
from core.models import DeadLetter, DeadLetterState, Link, RuleState, ShadowVerdict
from core.shadow import Found
from tests.gateway.browsing import HTMX
from tests.gateway.ruling import (
    EXAMPLE,
    LAPTOPS,
    answer_command,
    audited,
    jira_has,
    last_request_id,
    post,
    save,
    see_tasks,
    stored,
    text_of,
    trip,
)
from tests.gateway.test_pages import Page

ADMIN = "admin@development.invalid"
HOSTILE = "<img src=x onerror=alert(1)>'\"{{ 7*7 }}"


@pytest.fixture
def default_rule() -> bool:
    return False


def hold(row, count: int) -> None:
    for number in range(1, count + 1):
        with writing() as session:
            dead_letters.hold(
                session,
                domain="pf_jira",
                unit="link",
                unit_id=number,
                record=str(number),
                reason="Its rule is tripped.",
                rule_id=row.id,
            )


def seen(row) -> dict[str, str]:
    return {"version": str(row.version), "state": row.state.value}


def listed(admin) -> str:
    with reading() as session:
        return ",".join(f"{row.id}:{row.priority}" for row in rules.all_rules(session))


def reorder(browser, order, before) -> str:
    # The names of a form repeat, which keyword arguments cannot.
    browser.get("/rules")
    body = "&".join(f"rule={one}" for one in order)
    return text_of(
        browser._send(
            "POST",
            "/rules/order",
            [HTMX, ("Content-Type", "application/x-www-form-urlencoded"),
             ("X-CSRFToken", browser.csrf)],
            f"seen={before}&{body}".encode(),
        )
    )  # fmt: skip


def test_the_list_shows_each_rule_in_order_with_what_it_holds(admin):
    save(name="Second", priority=20, conditions=[])
    first = save(name="First")
    see_tasks("laptop", "desk")
    hold(first, 2)
    trip(first)

    page = Page(text_of(admin.get("/rules")))

    assert page.text.index("First") < page.text.index("Second")
    assert "tripped" in page.text
    assert f"/rules/{first.id}/fit#held" in page.of("href")
    assert "Rules 'First' and 'Second'" not in page.text, "the last resort is meant to overlap"


def test_rules_whose_order_decides_are_told(admin):
    save(name="First")
    save(name="Other", priority=20, project="HR")

    assert "never takes anything" in Page(text_of(admin.get("/rules"))).text


def test_an_order_is_saved_as_versions_of_what_moved_alone(admin):
    one, two, three = (save(name=f"R{n}", priority=n * 10) for n in (1, 2, 3))
    author = (ADMIN, "changed", "rule R3")

    answer = reorder(admin, [three.id, one.id, two.id], listed(admin))

    assert "The order is saved" in answer
    with reading() as session:
        assert [row.id for row in rules.all_rules(session)] == [three.id, one.id, two.id]
    assert [stored(row.id).version for row in (one, two, three)] == [1, 1, 2]
    assert audited()[-1] == author


def test_an_order_that_somebody_changed_meanwhile_is_not_overwritten(admin):
    one, two = save(name="R1", priority=10), save(name="R2", priority=20)
    before = listed(admin)
    save(name="R1", priority=30)

    answer = reorder(admin, [two.id, one.id], before)

    assert "a test changed" in answer
    assert "R1" in answer
    assert stored(two.id).version == 1


@pytest.mark.parametrize("order", [[1], [1, 1], [1, 99], []])
def test_an_order_that_does_not_name_each_rule_once_changes_nothing(admin, order):
    save(name="R1", priority=10)
    save(name="R2", priority=20)

    assert "each rule once" in reorder(admin, order, listed(admin))


CHANGING = [
    ("admin", "/rules/order"),
    ("admin", "/rules/form"),
    ("admin", "/rules/save"),
    ("admin", "/rules/1/enable"),
    ("admin", "/rules/1/disable"),
    ("admin", "/rules/1/mend"),
    ("admin", "/rules/1/history/1"),
    ("operator", "/rules/1/replay"),
    ("operator", "/rules/1/mends"),
    ("operator", "/shadow/run"),
]


@pytest.mark.parametrize(("role", "path"), CHANGING)
def test_who_has_too_low_a_role_is_refused(dashboard, role, path):
    save()
    below = {"admin": "operator", "operator": "viewer"}[role]
    browser = dashboard()
    browser.log_in(below)
    browser.get("/rules")

    assert post(browser, path, version="1", state="active").status == 403
    assert stored(1).version == 1
    assert stored(1).state is RuleState.ACTIVE


@pytest.mark.parametrize(("role", "path"), CHANGING)
def test_nothing_is_changed_without_the_page_s_token(dashboard, role, path):
    save()
    browser = dashboard()
    browser.log_in("admin")

    assert browser.post(path, HTMX, token="another").status == 400


def test_a_viewer_reads_and_sees_no_button(dashboard):
    row = save()
    hold(row, 1)
    viewer = dashboard()
    viewer.log_in("viewer")

    for path in ("/rules", "/rules/1", "/rules/1/fit", "/rules/1/history/1", "/shadow"):
        page = Page(text_of(viewer.get(path)))
        targets = page.of("hx-post")
        assert [it for it in targets if it not in ("/rules/preview", "/rules/order")] == [], path
        assert "data-orders" not in text_of(viewer.get(path))
    assert viewer.get("/rules/new").status == 403


def test_a_hostile_name_is_text_everywhere(admin):
    row = save(name=HOSTILE, conditions=[])
    trip(row, HOSTILE)
    see_tasks(HOSTILE)
    hold(row, 1)
    jira_has(HOSTILE, name=HOSTILE)

    for path in ("/rules", "/rules/1", "/rules/1/fit", "/rules/1/history/1", "/shadow"):
        page = Page(text_of(admin.get(path)))
        assert "img" not in [tag for tag, attrs in page.elements if attrs.get("src") == "x"], path
        assert not page.of("onerror"), path
        assert "49" not in page.text, path
    preview = Page(text_of(post(admin, "/rules/preview", rule_id=1, view="yaml", yaml="")))
    assert not preview.of("onerror")


def test_disabling_says_what_becomes_of_what_it_held(admin):
    row = save()
    see_tasks("laptop")
    hold(row, 1)
    admin.get("/rules/1")

    answer = text_of(post(admin, "/rules/1/disable", **seen(row)))

    assert "go to the next rule" in answer
    assert stored(1).state is RuleState.DISABLED
    assert audited()[-1] == (ADMIN, "disabled", "rule Laptops to IT")


def test_a_rule_is_enabled_only_after_a_worker_tried_it(admin):
    row = save(examples=[EXAMPLE])
    trip(row)
    admin.get("/rules/1")

    first = text_of(post(admin, "/rules/1/enable", version=1, state="tripped"))
    assert "Trying its examples" in first
    assert stored(1).state is RuleState.TRIPPED
    arguments = answer_command({"problem": "", "lines": [], "examples": 1})
    assert arguments["held"]
    check = last_request_id()
    second = text_of(post(admin, "/rules/1/enable", version=1, state="tripped", check=check))

    assert "is active" in second
    assert stored(1).state is RuleState.ACTIVE


def test_what_does_not_fit_stays_out_unless_somebody_insists(admin):
    row = save()
    trip(row)
    admin.get("/rules/1")
    post(admin, "/rules/1/enable", version=1, state="tripped")
    answer_command({"problem": "it does not fit Jira", "lines": ["- Office"], "examples": 0})
    known = {"version": 1, "state": "tripped", "check": last_request_id()}

    refused = text_of(post(admin, "/rules/1/enable", **known))
    assert "The rule stays tripped: it does not fit Jira" in refused
    assert stored(1).state is RuleState.TRIPPED
    post(admin, "/rules/1/enable", force="on", **known)

    assert stored(1).state is RuleState.ACTIVE
    with reading() as session:
        assert "forced, although it does not fit Jira" in audit.latest(session, 1)[0].note


def test_the_answer_to_somebody_else_s_question_is_worth_nothing(admin, dashboard):
    row = save()
    trip(row)
    save(name="Other")
    trip(stored(2))
    admin.get("/rules/1")
    post(admin, "/rules/2/enable", version=1, state="tripped")
    answer_command({"problem": "", "lines": [], "examples": 0})

    post(admin, "/rules/1/enable", version=1, state="tripped", check=last_request_id())

    assert stored(1).state is RuleState.TRIPPED


def test_enabling_sends_what_is_held_bit_by_bit(admin, monkeypatch):
    monkeypatch.setattr("core.replay.AT_ONCE", 2)
    row = save()
    see_tasks("a", "b", "c")
    hold(row, 3)
    trip(row)
    admin.get("/rules/1")
    post(admin, "/rules/1/enable", version=1, state="tripped", replay="on")
    answer_command({"problem": "", "lines": [], "examples": 0})

    first = text_of(
        post(admin, "/rules/1/enable", version=1, state="tripped", replay="on",
             check=last_request_id())
    )  # fmt: skip
    assert "2 of 3 changes are on their way" in first
    form = {a["name"]: a["value"] for tag, a in Page(first).elements
            if tag == "input" and a["name"] in ("done", "total", "up_to")}  # fmt: skip
    second = text_of(post(admin, "/rules/1/replay", **form))

    assert "3 changes are tried again" in second
    with reading() as session:
        states = session.scalars(select(DeadLetter.state)).all()
        due = session.scalars(select(Link.due_at)).all()
    assert set(states) == {DeadLetterState.REPLAYED}
    assert None not in due
    assert (ADMIN, "replayed", "rule Laptops to IT") in audited()


def test_a_tripped_rule_s_changes_are_not_sent_to_be_held_again(admin):
    row = save()
    hold(row, 1)
    trip(row)
    admin.get("/rules/1")

    assert "is tripped" in text_of(post(admin, "/rules/1/replay"))
    with reading() as session:
        assert dead_letters.count_open(session) == 1


def test_the_history_shows_each_change_and_the_way_back(admin):
    save()
    save(priority=20)
    page = text_of(admin.get("/rules/1/history/1"))
    assert "priority 10 -&gt; 20" in page
    assert "What going back to version 1 would change" in page

    answer = text_of(post(admin, "/rules/1/history/1", version=2, note="wrong"))

    assert "this is version 3" in answer
    assert stored(1).priority == 10


def test_going_back_keeps_the_name_that_the_rule_has_now(admin):
    save()
    with writing() as session:
        row = rules.find_rule(session, LAPTOPS["name"])
        rules.save(session, document.parse({**LAPTOPS, "name": "Renamed", "priority": 5}),
                   "a test", row=row)  # fmt: skip
    save()  # Another one with the old name.
    admin.get("/rules/1/history/1")

    post(admin, "/rules/1/history/1", version=2)

    assert (stored(1).name, stored(1).priority) == ("Renamed", 10)


def test_going_back_is_refused_where_somebody_was_faster(admin):
    save()
    save(priority=20)
    admin.get("/rules/1/history/1")
    save(priority=30)

    assert "was changed since" in text_of(post(admin, "/rules/1/history/1", version=2))
    assert stored(1).priority == 30


def test_a_mend_is_made_as_it_was_shown(admin):
    save()
    admin.get("/rules/1/fit")
    assert "Trying the rule" in text_of(post(admin, "/rules/1/mends"))
    mended = {**LAPTOPS, "fields": LAPTOPS["fields"][:1]}
    one = {"key": "office:remove", "text": "take it out", "details": [], "helps": 2, "of": 2}
    reply = {"version": 1, "verdict": "unfit", "summary": "It does not fit.", "findings": []}
    answer_command({**reply, "mends": [{**one, "document": mended}]})
    asked = last_request_id()
    assert "-- field" not in text_of(post(admin, "/rules/1/mends", asked=asked)).split("diff")[0]

    answer = text_of(post(admin, "/rules/1/mend", asked=asked, key="office:remove"))

    assert "was changed (version 2)" in answer
    assert len(stored(1).fields) == 1
    again = text_of(post(admin, "/rules/1/mend", asked=asked, key="office:remove"))
    assert "was changed since" in again
    assert "too old" in text_of(post(admin, "/rules/1/mend", asked=asked, key="other"))


def test_a_trial_s_findings_name_records_and_mends(admin):
    row = save()
    finding = {"text": "Office: gone", "values": [["Lviv", 3]], "examples": ["7"], "records": 2}
    mend = {"text": "offer Lviv office", "helps": 2, "of": 2, "applicable": True, "key": "x"}
    with writing() as session:
        run_id = shadow.ask(session, "pf_jira", "schedule")
        found = Found(row.id, 1, ShadowVerdict.UNFIT, "It does not fit.", 2, 2, [finding], [mend])
        shadow.advance(session, run_id, found, "strike")

    page = Page(text_of(admin.get("/rules/1/fit"))).text

    for words in ("It does not fit.", "Office: gone", "Lviv (3)", "and 1 more", "seen to help 2"):
        assert words in page
