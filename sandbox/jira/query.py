"""Answer JQL: does an issue fit, and which comes first.

A value that does not exist (a project nobody knows, say) finds nothing and is no error, as seen on
real sites. Text is compared without regard to case.

Source: https://support.atlassian.com/jira-software-cloud/docs/jql-fields/
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.jira import adf, jql
from sandbox.jira.catalogue import CATEGORIES, PRIORITIES, RESOLUTIONS, STATUSES
from sandbox.jira.model import Issue, Json
from sandbox.jira.site import JiraSite

_RELATIVE = re.compile(r"([+-]?)((?:\d+[wdhm]\s*)+)", re.IGNORECASE)
_PART = re.compile(r"(\d+)([wdhm])", re.IGNORECASE)
_UNIT_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60}
_FORMS = ("%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y-%m-%d")
_MINUTE_MS = 60_000

Names = Callable[[JiraSite, Issue], list[str]]


@dataclass(frozen=True)
class Asker:
    """Who asks and when: dates in a query are minutes in the asker's own time zone."""

    site: JiraSite
    account_id: str
    zone: str
    now: int


def _project(site: JiraSite, issue: Issue) -> list[str]:
    project = site.projects[issue.project_id]
    return [project.id, project.key, project.name]


def _category(site: JiraSite, issue: Issue) -> list[str]:  # noqa: ARG001 - one shape for all.
    category = CATEGORIES[STATUSES[issue.status_id].category]
    return [str(category.id), category.key, category.name]


def _person(field_id: str) -> Names:
    def names(site: JiraSite, issue: Issue) -> list[str]:
        user = site.users.get(issue.fields.get(field_id, ""))
        return [user.account_id, user.email, user.name] if user else []

    return names


def _listed(field_id: str, names_by_id: dict[str, str]) -> Names:
    def names(_site: JiraSite, issue: Issue) -> list[str]:
        number = issue.fields.get(field_id)
        return [number, names_by_id[number]] if number else []

    return names


def _parent(site: JiraSite, issue: Issue) -> list[str]:
    parent = site.issues.get(issue.fields.get("parent", ""))
    return [parent.id, parent.key] if parent else []


_KEYS: Names = lambda _site, issue: [issue.id, issue.key, *issue.old_keys]  # noqa: E731

# Field -> everything by which a value may name it. An empty list is what EMPTY finds.
_NAMES: dict[str, Names] = {
    **dict.fromkeys(("key", "id", "issuekey", "issue"), _KEYS),
    "project": _project,
    **dict.fromkeys(
        ("issuetype", "type"),
        lambda site, issue: [issue.type_id, site.types[issue.type_id].name],
    ),
    "labels": lambda _site, issue: issue.fields.get("labels", []),
    "status": lambda _site, issue: [issue.status_id, STATUSES[issue.status_id].name],
    "statuscategory": _category,
    "assignee": _person("assignee"),
    "reporter": _person("reporter"),
    "priority": _listed("priority", PRIORITIES),
    "resolution": _listed("resolution", RESOLUTIONS),
    "parent": _parent,
}

_INSTANTS: dict[str, Callable[[Issue], int | None]] = {
    **dict.fromkeys(("created", "createddate"), lambda issue: issue.created),
    **dict.fromkeys(("updated", "updateddate"), lambda issue: issue.updated),
    **dict.fromkeys(("resolved", "resolutiondate"), lambda issue: issue.resolved),
}
_DAYS = {"duedate": "duedate", "due": "duedate"}
_TEXTS: dict[str, Callable[[Issue], str]] = {
    "summary": lambda issue: issue.fields.get("summary", ""),
    "description": lambda issue: adf.to_text(issue.fields.get("description")) or "",
}

Test = Callable[[Issue], bool]


def compile_where(condition: jql.Condition, asker: Asker) -> Test:
    """Return a test for issues; raises `JiraError` 400 for fields and operators that do not fit."""
    match condition:
        case jql.Both(left, right):
            one, other = compile_where(left, asker), compile_where(right, asker)
            return lambda issue: one(issue) and other(issue)
        case jql.Either(left, right):
            one, other = compile_where(left, asker), compile_where(right, asker)
            return lambda issue: one(issue) or other(issue)
        case jql.Not(inner):
            test = compile_where(inner, asker)
            return lambda issue: not test(issue)
        case _:
            return _compile_clause(condition, asker)


def _compile_clause(clause: jql.Clause, asker: Asker) -> Test:
    if clause.field in _NAMES:
        return _by_name(clause, asker)
    if clause.field in _INSTANTS:
        return _by_instant(clause, asker)
    if clause.field in _DAYS:
        return _by_day(clause, asker)
    if clause.field in _TEXTS:
        return _by_text(clause)
    raise jql.refuse(
        f"Field '{clause.field}' does not exist or you do not have permission to view it."
    )


def _does_not_support(clause: jql.Clause) -> Exception:
    return jql.refuse(
        f"The operator '{clause.operator}' is not supported by the '{clause.field}' field."
    )


def _by_name(clause: jql.Clause, asker: Asker) -> Test:
    names = _NAMES[clause.field]
    wanted = {_word(value, asker).casefold() for value in clause.values}

    def fits(issue: Issue) -> bool:
        return any(name.casefold() in wanted for name in names(asker.site, issue))

    match clause.operator:
        case "=" | "in":
            return fits
        case "!=" | "not in":
            # What is not set is not found by a negation either.
            return lambda issue: bool(names(asker.site, issue)) and not fits(issue)
        case "is":
            return lambda issue: not names(asker.site, issue)
        case "is not":
            return lambda issue: bool(names(asker.site, issue))
        case _:
            raise _does_not_support(clause)


def _word(value: jql.Value, asker: Asker) -> str:
    if isinstance(value, str):
        return value
    if value.name == "currentuser":
        return asker.account_id
    raise jql.refuse(f"Unable to find JQL function '{value.name}()'.")


def _compare(operator: str, left: Json, right: Json) -> bool:
    match operator:
        case ">":
            return left > right
        case ">=":
            return left >= right
        case "<":
            return left < right
        case _:
            return left <= right


def _by_instant(clause: jql.Clause, asker: Asker) -> Test:
    read = _INSTANTS[clause.field]
    if clause.operator in ("is", "is not"):
        return lambda issue: (read(issue) is None) == (clause.operator == "is")
    moments = [_moment(clause, value, asker) for value in clause.values]

    def test(issue: Issue) -> bool:
        instant = read(issue)
        if instant is None:
            return False
        if clause.operator in (">", ">=", "<", "<="):
            return _compare(clause.operator, instant, moments[0])
        among = any(moment <= instant < moment + _MINUTE_MS for moment in moments)
        return among == (clause.operator in ("=", "in"))

    if clause.operator in ("~", "!~"):
        raise _does_not_support(clause)
    return test


def _by_day(clause: jql.Clause, asker: Asker) -> Test:
    field_id = _DAYS[clause.field]
    if clause.operator in ("is", "is not"):
        return lambda issue: (field_id not in issue.fields) == (clause.operator == "is")
    if clause.operator in ("~", "!~"):
        raise _does_not_support(clause)
    zone = ZoneInfo(asker.zone)
    days = [
        datetime.fromtimestamp(_moment(clause, value, asker) / 1000, zone).date().isoformat()
        for value in clause.values
    ]

    def test(issue: Issue) -> bool:
        day = issue.fields.get(field_id)
        if day is None:
            return False
        if clause.operator in (">", ">=", "<", "<="):
            return _compare(clause.operator, day, days[0])
        return (day in days) == (clause.operator in ("=", "in"))

    return test


def _moment(clause: jql.Clause, value: jql.Value, asker: Asker) -> int:
    """Return the instant that a date in a query means, in milliseconds since 1970."""
    zone = ZoneInfo(asker.zone)
    if isinstance(value, jql.Function):
        if value.name == "now":
            return asker.now
        if value.name in ("startofday", "endofday"):
            today = datetime.fromtimestamp(asker.now / 1000, zone).date()
            return _midnight(today + timedelta(days=value.name == "endofday"), zone)
        raise jql.refuse(f"Unable to find JQL function '{value.name}()'.")
    text = value.strip()
    relative = _RELATIVE.fullmatch(text)
    if relative:
        seconds = sum(
            int(number) * _UNIT_SECONDS[unit.lower()] for number, unit in _PART.findall(relative[2])
        )
        return asker.now + (-seconds if relative[1] == "-" else seconds) * 1000
    for form in _FORMS:
        try:
            read = datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
        return round(read.timestamp() * 1000)
    raise jql.refuse(
        f"Date value '{text}' for field '{clause.field}' is invalid. Valid formats include:"
        " 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format"
        " e.g. '-5d', '4w 2d'."
    )


def _midnight(day: date, zone: ZoneInfo) -> int:
    return round(datetime.combine(day, time(), zone).timestamp() * 1000)


def _by_text(clause: jql.Clause) -> Test:
    read = _TEXTS[clause.field]
    if clause.operator in ("is", "is not"):
        return lambda issue: (not read(issue)) == (clause.operator == "is")
    if clause.operator not in ("~", "!~") or not isinstance(clause.values[0], str):
        raise _does_not_support(clause)
    wanted = re.findall(r"\w+\*?", clause.values[0].casefold())

    def test(issue: Issue) -> bool:
        words = re.findall(r"\w+", read(issue).casefold())
        found = all(
            any(word.startswith(one[:-1]) if one.endswith("*") else word == one for word in words)
            for one in wanted
        )
        return found == (clause.operator == "~")

    return test


def _key_in_order(issue: Issue) -> list[Json]:
    return [issue.key.rpartition("-")[0], issue.number]


_SORTS: dict[str, Callable[[Issue], Json]] = {
    **dict.fromkeys(("key", "issuekey"), _key_in_order),
    "id": lambda issue: int(issue.id),
    "summary": lambda issue: issue.fields.get("summary", "").casefold(),
    "status": lambda issue: issue.status_id,
    "priority": lambda issue: issue.fields.get("priority", ""),
    "project": lambda issue: issue.project_id,
    "assignee": lambda issue: issue.fields.get("assignee", ""),
    **dict.fromkeys(_DAYS, lambda issue: issue.fields.get("duedate", "")),
    **{name: (lambda issue, read=read: read(issue) or 0) for name, read in _INSTANTS.items()},
}


def sort_key(query: jql.Query) -> tuple[Callable[[Issue], list[Json]], list[bool]]:
    """Return what issues are sorted by and, for each part of it, whether it descends.

    The last part is the id, so that no two issues are equal and pages never overlap. Without an
    order of its own a query gets the newest first.
    """
    order = query.order or (("id", True),)
    for field, _ in order:
        if field not in _SORTS:
            raise jql.refuse(f"Not able to sort using field '{field}'.")
    reads = [_SORTS[field] for field, _ in order]

    def key(issue: Issue) -> list[Json]:
        return [*(read(issue) for read in reads), int(issue.id)]

    return key, [*(descending for _, descending in order), False]


def in_order(
    issues: list[Issue], key: Callable[[Issue], list[Json]], descending: list[bool]
) -> list[tuple[list[Json], Issue]]:
    """Return the issues in order, each with its sort key, which can serve as a page token."""
    keyed = [(key(issue), issue) for issue in issues]
    keyed.sort(key=functools.cmp_to_key(lambda a, b: compare(a[0], b[0], descending)))
    return keyed


def compare(left: list[Json], right: list[Json], descending: list[bool]) -> int:
    """Return -1, 0 or 1, as `left` comes before, with or after `right`."""
    for one, other, down in zip(left, right, descending, strict=True):
        if one != other:
            return -1 if (one < other) != down else 1
    return 0
