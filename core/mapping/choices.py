"""Finding an offered text among a field's allowed values."""

from __future__ import annotations

from core.mapping.refusal import Refusal
from core.mapping.schema import Choices, TargetField, folded
from core.mapping.values import AllowedValue, Cascade
from core.mapping.violations import nearest

_RENAME = "correct the value, map it by a table, or add it in the target"


def match_choice(
    text: str, target: TargetField, choices: Choices, notices: list[str]
) -> AllowedValue:
    """Give the allowed value that a text means: by id, by name, by name regardless of case.

    Where the target lists no values, the text itself is the name, and only the target can refuse
    it. Raises Refusal where nothing or more than one value fits.
    """
    if target.allowed is None:
        return AllowedValue("", text.strip())
    found = choices.by_id.get(text)
    same_name = choices.by_name.get(text, [])
    if found is not None:
        if same_name and found not in same_name:
            notices.append(f"{text!r} is an id and also another value's name; the id was taken")
        return found
    if same_name:
        return _only(same_name)
    alike = choices.by_folded_name.get(folded(text), [])
    if alike:
        value = _only(alike)
        notices.append(f"{text!r} was taken for {value.name!r}")
        return value
    raise _not_allowed(text, choices)


def match_cascade(steps: str | list[str], target: TargetField, notices: list[str]) -> Cascade:
    """Give the choice in two steps that `Parent / Child`, or a list of the two, means.

    Raises Refusal where either step is not allowed.
    """
    for parent_text, child_text in _ways_to_read(steps, target):
        parent = match_choice(parent_text, target, target.choices, notices)
        if not child_text:
            return Cascade(parent)
        if target.allowed is None:
            return Cascade(parent, AllowedValue("", child_text))
        try:
            child = match_choice(child_text, target, Choices(parent.children), notices)
        except Refusal as refusal:
            refusal.problem = f"{parent.name!r} has no {child_text!r} below it"
            raise
        return Cascade(parent, child)
    raise Refusal("this is not a choice in two steps", "offer it as Parent / Child")


def _ways_to_read(steps: str | list[str], target: TargetField) -> list[tuple[str, str]]:
    """Give parent and child; a name may have a slash of its own, so known parents come first."""
    if isinstance(steps, list):
        known = [step.strip() for step in steps if step.strip()]
        return [(known[0], known[1] if len(known) > 1 else "")] if len(known) in (1, 2) else []
    parts = steps.split("/")
    ways = [
        ("/".join(parts[:cut]).strip(), "/".join(parts[cut:]).strip())
        for cut in range(len(parts), 0, -1)
    ]
    for way in ways:
        if way[0] in target.choices.by_id or folded(way[0]) in target.choices.by_folded_name:
            return [way]
    return [ways[-1]] if ways[-1][0] else []


def _only(values: list[AllowedValue]) -> AllowedValue:
    if len(values) == 1:
        return values[0]
    raise Refusal(
        f"{len(values)} allowed values have this name",
        "offer the id of the one you mean",
        [f"{value.name} (id {value.id})" for value in values],
    )


def _not_allowed(text: str, choices: Choices) -> Refusal:
    if not choices.values:
        return Refusal("there is no value to choose from", "add values in the target")
    names = [value.name for value in choices.values]
    return Refusal("it is not among the allowed values", _RENAME, names, nearest(text, names))
