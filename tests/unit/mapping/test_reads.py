"""What rules read of a record, and so how much has to be fetched of its people."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.mapping.conditions import Condition, Operator
from core.mapping.reads import Detail, people_needed
from core.mapping.routing import Action, Rule
from core.mapping.sources import FieldMapping, Path, Static, Template, ValueMap

PEOPLE = ("owner", "about")
DETAILS = {"team": Detail.SLIM, "boss": Detail.SLIM, "extras": Detail.COMPLETE}
NOTHING, SLIM, COMPLETE = Detail


def rule(*sources, conditions=(), action=Action.SYNC):
    fields = (FieldMapping("summary", sources),) if sources else ()
    return Rule(1, "r", 1, tuple(conditions), action, "HR", "Task", fields)


def asking(path, operator=Operator.EQUALS, value="x"):
    return rule(conditions=[Condition(path, operator, value)])


def needed(*rules):
    return people_needed(rules, PEOPLE, DETAILS)


@pytest.mark.parametrize(
    ("path", "owner", "about"),
    [
        ("$.title", NOTHING, NOTHING),
        ("$.owner.name", NOTHING, NOTHING),
        ("$.owner.nobody_has_this", NOTHING, NOTHING),
        ("$.team.extras", NOTHING, NOTHING),
        ("$.owner.team", SLIM, NOTHING),
        ("$['owner']['team']", SLIM, NOTHING),
        ("$.about.boss.email", NOTHING, SLIM),
        ("$.owner.team[0]", SLIM, NOTHING),
        ("$.owner.extras.cost_centre", COMPLETE, NOTHING),
        ("$.owner.extras[?@ == 'x']", COMPLETE, NOTHING),
        ("$.about", NOTHING, COMPLETE),
        ("$.about.*", NOTHING, COMPLETE),
        ("$.about['team', 'boss']", NOTHING, COMPLETE),
        ("$.about..team", NOTHING, COMPLETE),
        ("$", COMPLETE, COMPLETE),
        ("$.*", COMPLETE, COMPLETE),
        ("$..team", COMPLETE, COMPLETE),
        ("$['owner', 'title']", COMPLETE, COMPLETE),
        ("$[?@.team == 'IT']", COMPLETE, COMPLETE),
        ("$.tags[?@.name == 'IT']", NOTHING, NOTHING),
        ("$.tags[?@.name == $.owner.team]", COMPLETE, COMPLETE),
    ],
)
def test_a_path_reads_what_lies_below_its_leading_names(path, owner, about):
    expected = {"owner": owner, "about": about}

    assert needed(asking(path)) == expected
    assert needed(rule(Path(path))) == expected
    assert needed(rule(ValueMap(Path(path), {"a": 1}))) == expected


@pytest.mark.parametrize(
    ("template", "owner", "about"),
    [
        ("plain {{ title | upper }}", NOTHING, NOTHING),
        ("{{ owner.name }}", NOTHING, NOTHING),
        ("{{ owner.team | default(about.boss.email) }}", SLIM, SLIM),
        ("{{ owner['team'] }}{{ record.about['boss'].email }}", SLIM, SLIM),
        ("{{ about.extras.cost_centre }}", NOTHING, COMPLETE),
        ("{{ about.extras['cost centre'] }}", NOTHING, COMPLETE),
        ("{{ owner[title] }}", COMPLETE, NOTHING),
        ("{{ owner | length }}", COMPLETE, NOTHING),
        ("{{ (owner if title else about).team }}", COMPLETE, COMPLETE),
        ("{{ record | length }}", COMPLETE, COMPLETE),
        ("{{ record[title].team }}", COMPLETE, COMPLETE),
        ("{% if owner.team == 'IT' %}x{% elif about.boss %}y{% endif %}", SLIM, SLIM),
        ("{% if title == owner %}x{% endif %}", COMPLETE, NOTHING),
        ("{{ title[: owner.extras.n] }}", COMPLETE, NOTHING),
        # A person whose details are not known is there all the same.
        ("{% if owner and not about %}{{ owner.name }}{% endif %}", NOTHING, NOTHING),
        ("{% if owner is defined or about is empty %}x{% endif %}", NOTHING, NOTHING),
        ("{{ owner.team if owner else title }}", SLIM, NOTHING),
        ("{% if owner.extras is empty %}x{% endif %}", COMPLETE, NOTHING),
        ("{{ owner or about }}", COMPLETE, COMPLETE),
        ("{% if (owner | default(about)) %}x{% endif %}", COMPLETE, COMPLETE),
    ],
)
def test_a_template_reads_what_its_placeholders_name(template, owner, about):
    expected = {"owner": owner, "about": about}

    assert needed(rule(Static("x"), Template(template))) == expected
    assert needed(rule(ValueMap(Template(template), {"a": 1}))) == expected


@pytest.mark.parametrize("operator", [Operator.EXISTS, Operator.EMPTY])
def test_whether_there_is_a_person_needs_no_details(operator):
    assert needed(asking("$.owner", operator, None))["owner"] is NOTHING
    assert needed(asking("$.owner.team", operator, None))["owner"] is SLIM
    assert needed(asking("$.owner.extras.n", operator, None))["owner"] is COMPLETE
    assert needed(asking("$.owner.*", operator, None))["owner"] is COMPLETE


def test_of_many_rules_the_one_that_reads_most_counts():
    rules = asking("$.owner.team"), rule(Template("{{ owner.extras.x }}")), asking("$.about.boss")

    assert needed(*rules) == {"owner": COMPLETE, "about": SLIM}
    assert needed() == {"owner": NOTHING, "about": NOTHING}


def test_fields_of_a_rule_that_drops_are_not_read_and_its_conditions_are():
    dropping = rule(
        Path("$.owner.extras"),
        conditions=[Condition("$.about.team", Operator.EXISTS)],
        action=Action.DROP,
    )

    assert needed(dropping) == {"owner": NOTHING, "about": SLIM}


OWNER = {"name": "O", "team": "IT", "boss": {"email": "b@x.y"}, "extras": {"n": 1, "t": "IT"}}
ABOUT = {"name": "A", "team": None, "boss": None, "extras": {"n": 2}}
STEPS = st.sampled_from([".name", ".team", ".boss.email", ".extras.n", "['extras']['t']", ".none"])
NAMES = st.sampled_from(["owner", "about", "title", "record", "record.owner", "record['about']"])
PLACES = st.builds(str.__add__, NAMES, STEPS | st.just(""))
EXPRESSIONS = st.recursive(
    PLACES,
    lambda inner: st.one_of(
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or", "=="]), inner),
        st.builds("(not {})".format, inner),
        st.builds("({} is {})".format, inner, st.sampled_from(["defined", "empty"])),
        st.builds("({} | {})".format, inner, st.sampled_from(["length", "default", "first"])),
        st.builds("{}[{}]".format, inner, inner),
        st.builds(str.__add__, inner, STEPS),
    ),
    max_leaves=5,
)
TEMPLATES = st.builds("{{% if {0} %}}y{{% endif %}}{{{{ {1} }}}}".format, EXPRESSIONS, EXPRESSIONS)
PATHS = st.builds(
    "${}{}{}".format,
    st.sampled_from([".owner", ".about", "..owner", "['owner']", "[?@.team == 'IT']", ""]),
    STEPS | st.just(""),
    st.sampled_from(["", ".*", "[*]", "..email", "[0]", "[?@ == $.about.extras.n]"]),
).filter(lambda path: path.count("..") < 2)  # More is not allowed in a path.


def known_to(detail: Detail, person: dict[str, Any]) -> dict[str, Any]:
    """Give a person as known to somebody who fetched no more than that."""
    return {
        key: value
        for key, value in person.items()
        if DETAILS.get(key, NOTHING) <= detail  # What has no price is always there.
    }


@settings(max_examples=500, deadline=None)
@given(
    st.builds(Template, TEMPLATES) | st.builds(Path, PATHS),
    st.builds(Condition, PATHS, st.sampled_from([Operator.EXISTS, Operator.EMPTY])),
)
def test_what_was_not_asked_for_makes_no_difference(source, condition):
    it = rule(source, conditions=[condition])
    ask = needed(it)
    whole = {"title": "extras", "owner": OWNER, "about": ABOUT}
    part = whole | {
        "owner": known_to(ask["owner"], OWNER),
        "about": known_to(ask["about"], ABOUT),
    }

    assert source.offer(part) == source.offer(whole)
    assert condition.holds(part) == condition.holds(whole)
