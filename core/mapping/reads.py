"""What rules read of a record, so that no more of it has to be fetched than that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import IntEnum
from functools import lru_cache

from jinja2 import nodes

from core.mapping.conditions import WITHOUT_VALUE, Condition
from core.mapping.record import leading_names
from core.mapping.routing import Action, Rule
from core.mapping.sources import Path, Source, Static, Template, ValueMap
from core.mapping.templates import ALL, parse_template

Part = tuple[str, ...]
"""The names that lead to a part of a record; all that lies below belongs to it, so () is all."""

_WHETHER = ""
"""Ends a part of which is only asked whether it is there; nobody calls a key so."""


class Detail(IntEnum):
    """How much has to be known of a person: what is more costs more."""

    NOTHING = 0
    SLIM = 1
    """What the source tells of many people at once."""
    COMPLETE = 2
    """What it tells of one person at a time."""


def people_needed(
    rules: Iterable[Rule], people: Collection[str], details: Mapping[str, Detail]
) -> dict[str, Detail]:
    """Give how much some rules read of each of a record's people.

    `people` are the keys under which a record has them, and `details` says of the names below
    which take how much; names that it does not have are there without asking. Cautious: whatever
    may read all of a person counts as doing so.
    """
    needed = dict.fromkeys(people, Detail.NOTHING)
    for part in _parts_read(rules):
        for person in people if not part else part[:1]:
            if person in needed:
                below = details.get(part[1], Detail.NOTHING) if part[1:] else Detail.COMPLETE
                needed[person] = max(needed[person], below)
    return needed


def _parts_read(rules: Iterable[Rule]) -> frozenset[Part]:
    found: set[Part] = set()
    for rule in rules:
        found.update(map(_of_condition, rule.conditions))
        # What a rule drops is not mapped.
        for mapping in rule.fields if rule.action is Action.SYNC else ():
            for source in mapping.sources:
                found |= _of_source(source)
    return frozenset(found)


def _of_condition(condition: Condition) -> Part:
    part = leading_names(condition.path)
    # Any other path looks at what lies below the part.
    ends_there = condition.path == ".".join(("$", *part))
    return (*part, _WHETHER) if ends_there and condition.operator in WITHOUT_VALUE else part


def _of_source(source: Source) -> frozenset[Part]:
    match source:
        case Static():
            return frozenset()
        case Path(jsonpath):
            return frozenset({leading_names(jsonpath)})
        case Template(text):
            return _of_template(text)
        case ValueMap(inner):
            return _of_source(inner)


@lru_cache(maxsize=1024)
def _of_template(text: str) -> frozenset[Part]:
    return frozenset(_placeholders(parse_template(text)))


def _placeholders(node: nodes.Node, *, only_whether: bool = False) -> Iterator[Part]:
    part = _part(node)
    if part is not None:
        yield (*part, _WHETHER) if only_whether else part
        return
    for child in node.iter_child_nodes():
        yield from _placeholders(child, only_whether=_asks_whether(node, child, only_whether))


def _part(node: nodes.Node) -> Part | None:
    """Give what a placeholder such as `a.b['c']` is about; None for any other expression."""
    match node:
        case nodes.Name(name=name):
            return () if name == ALL else (name,)
        case (
            nodes.Getattr(node=inner, attr=key)
            | nodes.Getitem(node=inner, arg=nodes.Const(value=str(key)))
        ):
            outer = _part(inner)
            return None if outer is None else (*outer, key)
    return None


def _asks_whether(node: nodes.Node, child: nodes.Node, asked: bool) -> bool:
    """Say whether of a part of an expression only counts that it is there, or true."""
    match node:
        case nodes.If(test=test) | nodes.CondExpr(test=test):
            return child is test
        case nodes.Test(args=[], kwargs=[]) | nodes.Not():
            return True
        case nodes.And() | nodes.Or():
            return asked
    return False
