"""The versions of a rule: what it was, who changed it, and the way back.

History is only ever added to: taking a change back is a new version that says what an old one said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import rules
from core.errors import GatewayError
from core.mapping import document, routing
from core.mapping.errors import RuleDocumentError
from core.models import Rule, RuleVersion
from core.rule_text import in_short


class NoSuchVersionError(GatewayError):
    """There is no version to go back to; the message says why, and which there are."""


@dataclass(frozen=True)
class WayBack:
    """A version to which a rule can be rolled back, and the rule as it was then."""

    version: int
    rule: routing.Rule


def versions(session: Session, row: Rule) -> list[RuleVersion]:
    """Give the versions of a rule, newest first."""
    found = select(RuleVersion).where(RuleVersion.rule_id == row.id)
    return list(session.scalars(found.order_by(RuleVersion.version.desc())))


@dataclass(frozen=True)
class Step:
    """One version in short: who made it, when and why, and what it changed."""

    version: int
    when: datetime
    author: str
    note: str
    changed: str


def steps(found: Sequence[RuleVersion]) -> list[Step]:
    """Give what each version changed, newest first, as `versions` gives them."""
    documents = [as_now_written(version.document) for version in found]
    earlier = [*documents[1:], None]
    return [
        Step(
            version.version,
            version.at,
            version.author,
            version.note,
            in_short(before, document) or ("nothing" if before else "made"),
        )
        for version, document, before in zip(found, documents, earlier, strict=True)
    ]


def find_version(session: Session, row: Rule, number: int) -> RuleVersion:
    """Give one version of a rule.

    Raises NoSuchVersionError where there is none of this number.
    """
    known = {version.version: version for version in versions(session, row)}
    if number not in known:
        numbers = ", ".join(map(str, sorted(known))) or "none"
        raise NoSuchVersionError(
            f"Rule {row.name!r} has no version {number}; there are: {numbers}."
        )
    return known[number]


def as_now_written(old: document.Document) -> document.Document:
    """Give an old version's document as it would be written today, so that two can be compared.

    One that cannot be read any more is given as it is.
    """
    try:
        return document.without_id(document.dump(document.parse(old)))
    except RuleDocumentError:
        return old


def way_back(session: Session, row: Rule, to_version: int | None = None) -> WayBack:
    """Give what a rollback would bring back: a version, or the last one that differs from now.

    Raises NoSuchVersionError where there is none, and RuleDocumentError where an old version cannot
    be read any more.
    """
    now = rules.written(row)
    if to_version is not None:
        chosen = find_version(session, row, to_version)
        if as_now_written(chosen.document) == now:
            raise NoSuchVersionError(
                f"Rule {row.name!r} already is as it was in version {to_version}."
            )
    else:
        earlier = [it for it in versions(session, row) if it.version < row.version]
        different = [it for it in earlier if as_now_written(it.document) != now]
        if not different:
            raise NoSuchVersionError(
                f"Rule {row.name!r} has been as it is since its first version: there is nothing "
                "before it to go back to."
            )
        chosen = different[0]
    return WayBack(chosen.version, document.parse(chosen.document))


def rollback(
    session: Session, row: Rule, to_version: int | None, author: str, why: str = ""
) -> Rule:
    """Bring an old version of a rule back, as a new one; without a number the last that differs.

    Raises as `way_back` does. A rule's state is left as it is.
    """
    back = way_back(session, row, to_version)
    note = f"back to version {back.version}"
    # A name that the rule had then may be another one's now, so it keeps the one that it has.
    rule = replace(back.rule, name=row.name)
    return rules.save(session, rule, author, f"{note}: {why}" if why else note, row=row)
