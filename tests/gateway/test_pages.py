"""Health, and the overview page."""

from __future__ import annotations

import gzip
import hashlib
from html.parser import HTMLParser

import pytest

from core import reports, rule_states, rules
from core.clock import now
from core.database import writing
from core.dead_letters import bury, hold
from core.redis_client import get_prompt_redis, get_redis
from core.settings import get_settings
from tests.store.conftest import see, sighting

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """A page that is held to be well-formed: every element closed, in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], f"not closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in {tag}"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        self.text = f"{self.text} {data}"

    def of(self, name: str) -> list[str]:
        """Give the values of an attribute, wherever it stands."""
        return [attrs[name] for _, attrs in self.elements if name in attrs]


@pytest.fixture
def gateway(database, serve):
    return serve()


@pytest.fixture
def viewer(dashboard):
    browser = dashboard()
    browser.log_in("viewer")
    return browser


def page(answer) -> Page:
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    return Page(answer.body.decode())


def test_the_process_says_that_it_lives_whatever_is_missing(serve):
    gateway = serve(
        database_url="sqlite:////no/such/folder/gateway.db", redis_url="redis://127.0.0.1:1/0"
    )

    assert gateway.get("/healthz").json == {"status": "ok"}
    answer = gateway.get("/readyz")
    assert answer.status == 503
    assert answer.json["problems"] == ["the database does not answer", "Redis does not answer"]


def test_the_gateway_is_ready_when_database_and_redis_are(gateway):
    answer = gateway.get("/readyz")

    assert (answer.status, answer.json) == (200, {"status": "ready"})


def test_a_database_without_our_tables_is_not_ready(database_url, serve):
    answer = serve().get("/readyz")

    assert answer.status == 503
    [problem] = answer.json["problems"]
    assert problem.startswith("the database is at revision None")


def test_health_tells_no_stranger_where_things_are(serve, tmp_path):
    secret = "postgresql+psycopg://igw:db-password@127.0.0.1:1/igw"

    body = serve(database_url=secret).get("/readyz").body.decode()

    assert "password" not in body
    assert "127.0.0.1" not in body


def test_the_overview_before_anything_happened_is_a_valid_page(viewer):
    shown = page(viewer.get("/"))

    ids = shown.of("id")
    assert len(ids) == len(set(ids))
    assert set(" ".join(shown.of("aria-labelledby")).split()) <= set(ids)
    assert [tag for tag, _ in shown.elements].count("h1") == 1
    assert shown.elements[0] == ("html", {"lang": "en"})
    assert "Waiting for the first poll of PeopleForce." in shown.text


def test_the_overview_shows_the_counts_that_an_operator_looks_at_first(viewer):
    see(*(sighting(str(number)) for number in range(1200)))
    report = {"began": now().isoformat(), "seconds": 1.25, "open": 1200, "new": 3}
    reports.save("pf_jira.poll", {**report, "changed": 2, "missing": 0})

    shown = page(viewer.get("/"))

    words = " ".join(shown.text.split())
    for told in (
        "Everything is well.",
        "Work that waits 1,200 oldest,",
        "Dead letters 0 held by rules 0",
        "open tasks 1,200 new, changed 3, 2 took 1.2 s polls every 60 s",
        "Tasks by state pending 1,200",
    ):
        assert told in words


def test_the_overview_says_what_needs_a_person(viewer):
    reports.save("pf_jira.poll", {"began": now().isoformat(), "seconds": 1.0})
    with writing() as session:
        bury(
            session,
            domain="pf_jira",
            unit="link",
            unit_id=1,
            record="1",
            reason="<script>alert(1)</script>",
            attempts=1,
        )

    assert "dead letter" in page(viewer.get("/")).text


def test_the_overview_names_a_rule_that_is_tripped_and_what_it_holds(viewer):
    reports.save("pf_jira.poll", {"began": now().isoformat(), "seconds": 1.0})
    with writing() as session:
        rule = rules.find_rule(session, rules.DEFAULT_RULE)
        assert rule is not None
        rule_states.trip(session, rule.id, rule.version, "A field is gone.")
        for unit_id in range(2):
            hold(
                session,
                domain="pf_jira",
                unit="link",
                unit_id=unit_id,
                record=str(unit_id),
                reason="Its rule is tripped.",
                rule_id=rule.id,
            )

    words = " ".join(page(viewer.get("/")).text.split())

    assert "Running; rule 'Default' is tripped since" in words
    assert "UTC and holds 2 changes." in words
    assert "Dead letters 0 held by rules 2" in words
    assert "Tripped rules Rule Since Holds Default 0 s ago 2" in words.replace("1 s", "0 s")


def test_a_failed_poll_is_told_and_what_others_said_is_text(viewer):
    error = "peopleforce said <b onclick=x>no</b>"
    reports.save("pf_jira.poll", {"began": now().isoformat(), "seconds": 1.0, "error": error})

    shown = page(viewer.get("/"))

    assert error in shown.text
    assert not shown.of("onclick")


def test_the_overview_works_while_redis_is_down(viewer, settings_env):
    settings_env.setenv("IGW_REDIS_URL", "redis://127.0.0.1:1/0")
    for cached in (get_settings, get_redis, get_prompt_redis):
        cached.cache_clear()

    assert "Redis does not answer" in page(viewer.get("/")).text


def test_the_overview_has_no_script_and_no_style_of_its_own(viewer):
    shown = page(viewer.get("/"))

    tags = {tag for tag, _ in shown.elements}
    assert not tags & {"style", "iframe", "object"}
    assert all(attrs.get("src") for tag, attrs in shown.elements if tag == "script")
    assert not [name for _, attrs in shown.elements for name in attrs if name.startswith("on")]
    assert not shown.of("style")


@pytest.mark.parametrize("path", ["/", "/login", "/healthz", "/nowhere"])
def test_every_answer_carries_the_security_headers(gateway, path):
    headers = gateway.get(path).headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert len(headers["X-Request-Id"]) == 32


def test_what_a_page_loads_is_kept_for_a_year_under_a_name_of_its_content(gateway):
    shown = page(gateway.get("/login"))

    loaded = [attrs["href"] for tag, attrs in shown.elements if tag == "link"]
    loaded += [attrs["src"] for tag, attrs in shown.elements if tag in {"script", "img"}]
    assert len(loaded) > 4
    for path in loaded:
        answer = gateway.get(path)
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert hashlib.sha256(answer.body).hexdigest()[:16] in path
        packed = gateway.get(path, ("Accept-Encoding", "gzip"))
        assert gzip.decompress(packed.body) == answer.body
        assert "Accept-Encoding" in packed.headers["Vary"]


def test_a_request_id_of_the_callers_choice_is_not_taken_over(gateway):
    assert gateway.get("/healthz", ("X-Request-Id", "mine")).headers["X-Request-Id"] != "mine"


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"), "text/html"),
        (("HX-Request", "true"), "text/html"),
        (("Accept", "*/*"), "application/json"),
    ],
)
def test_an_address_that_does_not_exist_is_told_as_whoever_asks_can_read_it(gateway, header, kind):
    answer = gateway.get("/nowhere", header)

    assert answer.status == 404
    assert answer.headers["Content-Type"].startswith(kind)
    assert b"not found" in answer.body
