"""Templates: what they can say, and what nobody can make them do."""

from __future__ import annotations

import json
import time

import pytest

from core.mapping.errors import RuleError
from core.mapping.filters import FILTERS, MAX_TEXT, TESTS
from core.mapping.templates import _ENVIRONMENT, RenderError, compile_template, render

RECORD = {
    "title": "Order a laptop",
    "note": None,
    "count": 3,
    "ratio": 2.0,
    "urgent": True,
    "items": [{"name": "x"}, {"name": "y"}, "z"],
    "associated_to": {"full_name": "Iryna Koval", "keys": "two", "nick": ""},
    "starts_on": "2026-10-05",
    "html": "<p>a &amp; b</p>",
    "self": "me",
    "big": "x" * 60_000,
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Onboard {{ associated_to.full_name }}", "Onboard Iryna Koval"),
        ("{{ associated_to['full_name'] }}", "Iryna Koval"),
        ("{{ associated_to.keys }}", "two"),
        ("{{ record['self'] }}", "me"),
        ("{{ count }} {{ ratio }} {{ urgent }}", "3 2 true"),
        ("{{ items | map(attribute='name') | join('/') }}", "x/y/"),
        ("{{ items[0].name }}{{ title[:5] }}", "xOrder"),
        ("{% if urgent %}!{% elif count > 2 %}?{% else %}.{% endif %}", "!"),
        ("{{ 'yes' if count == 3 else 'no' }}", "yes"),
        ("{{ note | default('none') }}", "none"),
        ("{{ associated_to.nick | default(associated_to.full_name) | upper }}", "IRYNA KOVAL"),
        ("{{ starts_on | date }} {{ starts_on | date('%d/%m/%y') }}", "05.10.2026 05/10/26"),
        ("{{ title | truncate(6) }}", "Order…"),
        ("{{ html | striptags }} {{ html | escape }}", "a & b &lt;p&gt;a &amp;amp; b&lt;/p&gt;"),
        ("{% if note is empty %}E{% endif %}{% if x is defined %}D{% endif %}", "E"),
        ("{{ title | replace('laptop', 'phone') }}", "Order a phone"),
        ("{{ items | length }}{{ title | first }}{{ title | last }}", "3Op"),
    ],
)
def test_a_template_is_filled_from_the_record(template, text):
    assert render(template, RECORD).text == text


def test_placeholders_without_a_value_are_named_and_print_nothing():
    rendered = render("{{ title }}: {{ note }}, {{ a.b.c | upper }}, {{ a.b.c }}", RECORD)

    assert rendered.text == "Order a laptop: , , "
    assert rendered.missing == ("note", "a.b.c")
    assert not rendered.nothing_found


def test_a_placeholder_with_a_default_is_not_missing():
    assert render("{{ note | default('') }}", RECORD).missing == ()


@pytest.mark.parametrize(
    ("template", "nothing"),
    [("Onboard {{ note }}", True), ("Onboard", False), ("{% if note %}{% endif %}Go", False)],
)
def test_a_template_of_which_no_placeholder_has_a_value_says_so(template, nothing):
    assert render(template, RECORD).nothing_found is nothing


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ title.format(1) }}",
        "{{ title.upper() }}",
        "{{ range(10**9) }}",
        "{{ lipsum() }}",
        "{{ cycler.__init__.__globals__ }}{{ cycler() }}",
        "{{ 9**9**9 }}",
        "{{ 'a' * 999999999 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ 1 + 1 }}",
        "{{ title ~ title }}",
        "{{ [1, 2] }}",
        "{{ {'a': 1} }}",
        "{{ self }}",
        "{{ self._TemplateReference__context }}",
        "{% for a in items %}{% for b in items %}x{% endfor %}{% endfor %}",
        "{% set x = title %}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as x %}",
        "{% extends 'x' %}",
        "{% block b %}{% endblock %}",
        "{% filter upper %}x{% endfilter %}",
        "{% call title() %}{% endcall %}",
        "{% with a=1 %}{% endwith %}",
        "{% autoescape true %}{% endautoescape %}",
        "{{ title | attr('__class__') }}",
        "{{ title | format }}",
        "{{ title | center(999999999) }}",
        "{{ items | tojson }}",
        "{{ items | map('upper') | list }}",
        "{{ items | selectattr('name') }}",
        "{{ title is callable }}",
        "{{ title",
        "{% if title %}",
        "{{ " + "(" * 900 + "title" + ")" * 900 + " }}",
        "{{ " + "not " * 900 + "title }}",
        "{{ title" + " | upper" * 200 + " }}",
        "{{ title" + ".a" * 1_000 + " }}",
        "x" * 4_001,
    ],
)
def test_what_a_template_must_not_do_is_refused_when_it_is_written(template):
    began = time.perf_counter()

    with pytest.raises(RuleError) as raised:
        compile_template(template)

    assert raised.value.remedy
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    "template",
    [
        "{{ title.__class__ }}",
        "{{ title.__class__.__mro__ }}",
        "{{ title['__class__'] }}",
        "{{ associated_to.__init__.__globals__ }}",
        "{{ associated_to.items }}",
        "{{ title.upper }}",
        "{{ items.append }}",
        "{{ items['__len__'] }}",
        "{{ items | map(attribute='__class__') | join }}",
        "{{ title | first | default(title.format) }}{{ title.format_map }}",
    ],
)
def test_attributes_of_python_objects_are_not_there(template):
    text = render(template, RECORD).text

    assert text in ("", "O")


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{{ associated_to }}", "associated_to }}: this is an object .*full_name, keys, nick"),
        ("{{ title < 3 }}", "not supported"),
        ("{{ missing < 3 }}", "undefined"),
        ("{{ big }}{{ big }}", "longer than"),
        ("{{ items | map(attribute='name') | join(big) }}", "would be"),
        ("{{ big | replace('x', big) }}", "would be"),
        ("{{ title | replace('', big) }}", "a text to look for"),
        ("{{ title | date }}", "not a date"),
        ("{{ starts_on | date('%999999999d') }}", "date does not know %9"),
        ("{{ title | truncate(-1) }}", "at least 1"),
        ("{{ title | truncate }}{{ title | truncate(1, 2, 3) }}", "argument"),
    ],
)
def test_what_cannot_be_filled_is_said_and_never_grows(template, says):
    with pytest.raises(RenderError, match=says):
        render(template, RECORD)


def test_joining_a_text_by_itself_does_not_multiply_it():
    assert render("{{ title | join(title) | join(title) }}", RECORD).text == RECORD["title"]


def test_the_environment_holds_nothing_but_what_is_listed():
    assert _ENVIRONMENT.globals == {}
    assert set(_ENVIRONMENT.tests) == set(TESTS)
    assert set(_ENVIRONMENT.filters) - {"watched placeholder"} == set(FILTERS)


def test_rendering_leaves_the_record_as_it_was():
    before = json.dumps(RECORD)

    render("{{ title | upper }}{{ items | map(attribute='name') | join }}", RECORD)

    assert json.dumps(RECORD) == before


def test_a_text_of_the_greatest_length_passes():
    assert len(render("{{ a }}", {"a": "x" * MAX_TEXT}).text) == MAX_TEXT
