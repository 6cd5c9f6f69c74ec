"""Fields whose value points at something else: a person, an issue, one of a list of choices.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from sandbox.jira.catalogue import PRIORITIES, RESOLUTIONS
from sandbox.jira.errors import FieldValueError
from sandbox.jira.kind import Described, Kind, Reading
from sandbox.jira.model import Field, Json, Option, Project

if TYPE_CHECKING:
    from sandbox.jira.site import JiraSite
    from sandbox.jira.view import View


class Account(Kind):
    """One person."""

    type, custom = "user", "userpicker"

    @override
    def read(self, value: Json, reading: Reading) -> str | None:
        if not isinstance(value, dict) or not {"accountId", "id"} & value.keys():
            raise FieldValueError("expected Object containing a valid 'accountId' property")
        account_id = value.get("accountId", value.get("id"))
        if account_id is None:
            return None
        user = reading.site.users.get(account_id)
        if user is None or not user.active or user.account_type != "atlassian":
            if reading.field.id == "reporter":
                raise FieldValueError("The reporter specified is not a user.")
            if reading.field.id == "assignee":
                raise FieldValueError(f"User '{account_id}' cannot be assigned issues.")
            raise FieldValueError(f"User '{account_id}' is not valid for this user picker.")
        return account_id

    @override
    def show(self, stored: Json, field: Field, view: View) -> Json:
        return view.user(stored)

    @override
    def describe(self, stored: Json, field: Field, site: JiraSite) -> Described:
        return stored, site.users[stored].name


class Accounts(Kind):
    """Several people."""

    type, items, custom = "array", "user", "multiuserpicker"
    operations = ("add", "set", "remove")

    @override
    def read(self, value: Json, reading: Reading) -> list[str] | None:
        if not isinstance(value, list):
            raise FieldValueError("data was not an array")
        accounts = (Account().read(person, reading) for person in value)
        return [account for account in accounts if account] or None

    @override
    def show(self, stored: Json, field: Field, view: View) -> Json:
        return [view.user(account_id) for account_id in stored]

    @override
    def describe(self, stored: Json, field: Field, site: JiraSite) -> Described:
        return ", ".join(stored), ", ".join(site.users[one].name for one in stored)


class Named(Kind):
    """One of a fixed list that every project shares: a priority or a resolution."""

    names: ClassVar[dict[str, str]]
    path: ClassVar[str]

    @override
    def read(self, value: Json, reading: Reading) -> str:
        if not isinstance(value, dict) or not {"id", "name"} & value.keys():
            raise FieldValueError(f"Could not find valid 'id' or 'name' in {self.type} object")
        if "id" in value:
            found = [number for number in self.names if number == str(value["id"])]
        else:
            found = [number for number, name in self.names.items() if name == value["name"]]
        if not found:
            raise FieldValueError(f"The {self.type} selected is invalid.")
        return found[0]

    @override
    def show(self, stored: Json, field: Field, view: View) -> Json:
        return view.named(self.path, stored, self.names[stored])

    @override
    def describe(self, stored: Json, field: Field, site: JiraSite) -> Described:
        return stored, self.names[stored]

    @override
    def allowed(self, field: Field, project: Project, view: View) -> list[Json]:
        return [self.show(number, field, view) for number in self.names]


class Priority(Named):
    """How urgent an issue is."""

    type, names, path = "priority", PRIORITIES, "priority"


class Resolution(Named):
    """How an issue ended."""

    type, names, path = "resolution", RESOLUTIONS, "resolution"


class Parent(Kind):
    """The issue above a sub-task, kept as its id."""

    type = "issuelink"

    @override
    def read(self, value: Json, reading: Reading) -> str:
        named = (value.get("id") or value.get("key")) if isinstance(value, dict) else None
        parent = reading.site.find_issue(str(named)) if named else None
        if parent is None or parent.project_id != reading.project.id:
            raise FieldValueError(
                "Issue type is a sub-task but parent issue key or id not specified."
            )
        return parent.id

    @override
    def show(self, stored: Json, field: Field, view: View) -> Json:
        return view.issue_link(stored)

    @override
    def describe(self, stored: Json, field: Field, site: JiraSite) -> Described:
        parent = site.issues.get(stored)
        return stored, parent.key if parent else stored


class Components(Kind):
    """Parts of the project, kept as their ids."""

    type, items = "array", "component"
    operations = ("add", "set", "remove")

    @override
    def read(self, value: Json, reading: Reading) -> list[str] | None:
        if not isinstance(value, list):
            raise FieldValueError("data was not an array")
        return [self._one(component, reading) for component in value] or None

    @staticmethod
    def _one(value: Json, reading: Reading) -> str:
        value = value if isinstance(value, dict) else {}
        for number, name in reading.project.components.items():
            if number == str(value.get("id")) or name == value.get("name"):
                return number
        if "id" in value:
            raise FieldValueError(f"Component id '{value['id']}' is not valid")
        raise FieldValueError(f"Component name '{value.get('name')}' is not valid")

    @override
    def show(self, stored: Json, field: Field, view: View) -> Json:
        return [view.component(number) for number in stored if view.site.component_name(number)]

    @override
    def describe(self, stored: Json, field: Field, site: JiraSite) -> Described:
        return ", ".join(stored), ", ".join(str(site.component_name(one)) for one in stored)

    @override
    def allowed(self, field: Field, project: Project, view: View) -> list[Json]:
        return [view.component(number) for number in project.components]


def _matching(options: list[Option], value: dict[str, Json]) -> Option | None:
    key = "id" if "id" in value else "value"
    for option in options:
        if not option.disabled and str(value[key]) == (option.id if key == "id" else option.value):
            return option
    return None


def _choose(field: Field, value: object) -> Option:
    """Return the option that a caller means by id or by value."""
    if not isinstance(value, dict) or not {"id", "value"} & value.keys():
        raise FieldValueError(f"Specify a valid 'id' or 'name' for {field.name}")
    option = _matching(field.options, value)
    if option is None:
        key = "id" if "id" in value else "value"
        raise FieldValueError(f"Option {key} '{value[key]}' is not valid")
    return option


def _option(field: Field, number: str) -> Option | None:
    return next((option for option in field.options if option.id == number), None)


class Choice(Kind):
    """One of the field's options, kept as its id."""

    type, custom = "option", "select"

    @override
    def read(self, value: Json, reading: Reading) -> str:
        return _choose(reading.field, value).id

    @override
    def show(self, stored: Json, field: Field, view: View) -> Json:
        option = _option(field, stored)
        return view.option(option) if option else None

    @override
    def describe(self, stored: Json, field: Field, site: JiraSite) -> Described:
        option = _option(field, stored)
        return stored, option.value if option else None

    @override
    def allowed(self, field: Field, project: Project, view: View) -> list[Json]:
        return [view.option(option) for option in field.options if not option.disabled]


class Radio(Choice):
    """A select field that looks different to people."""

    custom = "radiobuttons"


class Choices(Choice):
    """Several of the field's options, kept as their ids."""

    type, items, custom = "array", "option", "multiselect"
    operations = ("add", "set", "remove")

    @override
    def read(self, value: Json, reading: Reading) -> Json:
        if not isinstance(value, list):
            raise FieldValueError("data was not an array")
        return [_choose(reading.field, one).id for one in value] or None

    @override
    def show(self, stored: Json, field: Field, view: View) -> Json:
        options = (_option(field, number) for number in stored)
        return [view.option(option) for option in options if option]

    @override
    def describe(self, stored: Json, field: Field, site: JiraSite) -> Described:
        options = (_option(field, number) for number in stored)
        return str(stored), ",".join(option.value for option in options if option)


class Cascade(Choice):
    """An option and, below it, one of its own options; kept as the list of their ids."""

    type, custom = "option-with-child", "cascadingselect"

    @override
    def read(self, value: Json, reading: Reading) -> Json:
        parent = None
        if isinstance(value, dict) and {"id", "value"} & value.keys():
            parent = _matching(reading.field.options, value)
        if parent is None:
            raise FieldValueError(
                "Could not find valid 'id' or 'value' in the Parent Option object."
            )
        wanted = value.get("child")
        if wanted is None:
            return [parent.id]
        child = None
        if isinstance(wanted, dict) and {"id", "value"} & wanted.keys():
            child = _matching(parent.children, wanted)
        if child is None:
            raise FieldValueError(
                "Could not find valid 'id' or 'value' in the Child Option object."
            )
        return [parent.id, child.id]

    def _path(self, stored: list[str], field: Field) -> list[Option]:
        path, options = [], field.options
        for number in stored:
            option = next((option for option in options if option.id == number), None)
            if option is None:
                break
            path.append(option)
            options = option.children
        return path

    @override
    def show(self, stored: Json, field: Field, view: View) -> Json:
        path = [view.option(option) for option in self._path(stored, field)]
        if not path:
            return None
        return path[0] | ({"child": path[1]} if path[1:] else {})

    @override
    def describe(self, stored: Json, field: Field, site: JiraSite) -> Described:
        path = self._path(stored, field)
        if not path:
            return None, None
        levels = "".join(
            f"Level {level} values: {option.value}({option.id})"
            for level, option in enumerate(path, 1)
        )
        return None, levels

    @override
    def allowed(self, field: Field, project: Project, view: View) -> list[Json]:
        return [
            view.option(option)
            | (
                {"children": [view.option(one) for one in option.children if not one.disabled]}
                if option.children
                else {}
            )
            for option in field.options
            if not option.disabled
        ]
