"""Which transition an issue takes next, and what its screen is filled with."""

import pytest

from connectors.jira.models import Transition
from connectors.jira.transitions import choose, fields_for

DONE = ("done",)
OPEN = ("new", "indeterminate")


def transition(name, category, *, to=None, fields=None, **more):
    """A transition as Jira describes it; the target status is called like the transition."""
    status = {"id": to or name, "name": name, "statusCategory": {"key": category}}
    return Transition.from_payload(
        {"id": f"t-{name}", "name": name, "to": status, "fields": fields or {}} | more
    )


def required(**more):
    return {"required": True, "schema": {"type": "resolution"}, "name": "Resolution"} | more


def options(*names):
    return [{"id": f"id-{name}", "name": name} for name in names]


NO_WAY_TO_FILL = {"customfield_1": required(schema={"type": "string"})}


@pytest.mark.parametrize(
    ("transitions", "wanted", "visited", "chosen"),
    [
        pytest.param([], DONE, {"here"}, None, id="no transition"),
        pytest.param(
            [transition("Start", "indeterminate"), transition("Finish", "done")],
            DONE, {"here"}, "Finish", id="straight to the aim",
        ),
        pytest.param(
            [transition("Reset", "new"), transition("Start", "indeterminate")],
            DONE, {"here"}, "Start", id="forward through work in progress",
        ),
        pytest.param(
            [transition("Reset", "new"), transition("Start", "indeterminate", to="a")],
            DONE, {"here", "a"}, "Reset", id="not back to where it was",
        ),
        pytest.param(
            [transition("Loop", "new", to="here")], DONE, {"here"}, None, id="not in circles",
        ),
        pytest.param(
            [transition("Resume", "indeterminate"), transition("Reopen", "new")],
            OPEN, {"here"}, "Reopen", id="reopened to the start first",
        ),
        pytest.param(
            [transition("Archive", "done"), transition("Resume", "indeterminate")],
            OPEN, {"here"}, "Resume", id="reopened to work in progress else",
        ),
        pytest.param(
            [transition("Archive", "done"), transition("Park", "undefined")],
            OPEN, {"here"}, "Park", id="another finished status comes last",
        ),
        pytest.param(
            [transition("Archive", "done")], OPEN, {"here"}, "Archive", id="but it may be the way",
        ),
        pytest.param(
            [transition("Cancel", "done"), transition("Won't do", "done"),
             transition("Finish", "done")],
            DONE, {"here"}, "Finish", id="finished rather than given up",
        ),
        pytest.param(
            [transition("Cancel", "done"), transition("Start", "indeterminate")],
            DONE, {"here"}, "Start", id="a detour rather than given up",
        ),
        pytest.param(
            [transition("Close as duplicate", "done"),
             transition("Park", "undefined")],
            DONE, {"here"}, "Park", id="whatever the detour",
        ),
        pytest.param(
            [transition("Cancel", "done")], DONE, {"here"}, "Cancel", id="given up if need be",
        ),
        pytest.param(
            [transition("Close", "done", fields={"r": required(allowedValues=options("Done"))}),
             transition("Finish", "done")],
            DONE, {"here"}, "Finish", id="without a screen rather than with one",
        ),
        pytest.param(
            [transition("Finish", "done", fields=NO_WAY_TO_FILL), transition("Close", "done")],
            DONE, {"here"}, "Close", id="not with a field that cannot be filled",
        ),
        pytest.param(
            [transition("Finish", "done", isAvailable=False)], DONE, {"here"}, None,
            id="not what is not available",
        ),
    ],
)  # fmt: skip
def test_the_next_transition_is(transitions, wanted, visited, chosen):
    found = choose(transitions, wanted, visited)

    assert (found and found.name) == chosen


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (required(allowedValues=options("Won't Do", "Later", "Done")), {"id": "id-Done"}),
        (required(allowedValues=options("Won't Do", "Kyiv")), {"id": "id-Kyiv"}),
        (required(allowedValues=options("Won't Do", "Duplicate")), {"id": "id-Won't Do"}),
        (
            required(
                allowedValues=options("Done", "Later"),
                hasDefaultValue=True,
                defaultValue={"id": "id-Later", "name": "Later", "self": "https://..."},
            ),
            {"id": "id-Later"},
        ),
        (
            required(schema={"type": "array"}, allowedValues=[{"id": "1", "value": "Red"}]),
            [{"id": "1"}],
        ),
        (required(allowedValues=[{"name": "Only a name"}]), {"name": "Only a name"}),
    ],
)
def test_a_required_field_gets(field, value):
    assert fields_for(transition("Close", "done", fields={"f": field})) == {"f": value}


def test_what_jira_fills_itself_and_what_is_optional_is_left_out():
    fields = {
        "default": required(hasDefaultValue=True),
        "optional": required(required=False, allowedValues=options("Done")),
    }

    assert fields_for(transition("Close", "done", fields=fields)) == {}
