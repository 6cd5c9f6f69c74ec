"""The control API for an administrator's changes: fields, issue types, projects, accounts."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.jira import model
from sandbox.jira.context import json_body, site
from sandbox.jira.errors import JiraError, invalid_payload, no_such_project
from sandbox.jira.kinds import KINDS
from sandbox.jira.model import FieldRule, Json, Option, Project

control_schema_api = Blueprint("jira_control_schema", __name__, url_prefix="/_control/schema")

_RULES = "/projects/<project>/types/<type_id>/fields"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _NewField(_Strict):
    """A field to add: an existing one by `field_id`, or a new custom field by name and kind."""

    field_id: str | None = None
    name: str | None = None
    kind: str = "line"
    options: list[str] = Field(default_factory=list)
    required: bool = False
    on_screen: bool = True


class _Rename(_Strict):
    value: str
    to: str


class _FieldChange(_Strict):
    """A change of a field; what is left out stays. Options are named by their value."""

    name: str | None = None
    required: bool | None = None
    on_screen: bool | None = None
    veto: str | None = None
    add_options: list[str] = Field(default_factory=list)
    delete_options: list[str] = Field(default_factory=list)
    disable_options: list[str] = Field(default_factory=list)
    rename_options: list[_Rename] = Field(default_factory=list)


_Shape = TypeVar("_Shape", bound=BaseModel)


def _read(shape: type[_Shape]) -> _Shape:
    try:
        return shape.model_validate(json_body() or {})
    except ValidationError as error:
        raise JiraError(400, str(error)) from error


def _project(id_or_key: str) -> Project:
    project = site().find_project(id_or_key)
    if project is None:
        raise no_such_project(id_or_key)
    return project


def _rules(project: Project, type_id: str) -> dict[str, FieldRule]:
    """Return the fields of an issue type, which is named by its id or its name."""
    for one, rules in project.types.items():
        if type_id in (one, site().types[one].name):
            return rules
    raise JiraError(404, f"'{project.key}' has no issue type '{type_id}'.")


def _show(field: model.Field, rule: FieldRule) -> dict[str, Json]:
    return {
        "field_id": field.id,
        "name": field.name,
        "kind": field.kind,
        "required": rule.required,
        "on_screen": rule.on_screen,
        "veto": rule.veto,
        "options": [option.value for option in field.options],
    }


@control_schema_api.get("")
def get_schema() -> ResponseReturnValue:
    """Return every project with its issue types and their fields."""
    fields = site().fields
    return {
        "projects": [
            {
                "id": project.id,
                "key": project.key,
                "name": project.name,
                "archived": project.archived,
                "types": [
                    {
                        "id": type_id,
                        "name": site().types[type_id].name,
                        "fields": [_show(fields[key], rule) for key, rule in rules.items()],
                    }
                    for type_id, rules in project.types.items()
                ],
                "removed_types": list(project.removed_types),
            }
            for project in site().projects.values()
        ]
    }


@control_schema_api.post(_RULES)
def add_field(project: str, type_id: str) -> ResponseReturnValue:
    """Add a field to an issue type of a project."""
    given = _read(_NewField)
    found = _project(project)
    rules = _rules(found, type_id)
    field = site().fields.get(given.field_id or "")
    if field is None:
        field = _make_field(given)
    rules[field.id] = FieldRule(required=given.required, on_screen=given.on_screen)
    site().save_project(found)
    return _show(field, rules[field.id]), 201


def _make_field(given: _NewField) -> model.Field:
    if not given.name or given.kind not in KINDS or given.field_id:
        raise JiraError(
            400, f"Name an existing field_id, or a name and one of the kinds {sorted(KINDS)}."
        )
    field = model.Field(
        f"customfield_{site().next_number('field', 10100)}",
        given.name,
        given.kind,
        [_make_option(value) for value in given.options],
    )
    site().save_field(field)
    return field


def _make_option(value: str) -> Option:
    return Option(str(site().next_number("option", 10600)), value)


@control_schema_api.patch(f"{_RULES}/<field_id>")
def change_field(project: str, type_id: str, field_id: str) -> ResponseReturnValue:
    """Change a field: required or not, on the screen or not, vetoed or not, its name, its options.

    Name and options belong to the field wherever it is used; the rest to this issue type alone.
    """
    given = _read(_FieldChange)
    found = _project(project)
    rules = _rules(found, type_id)
    if field_id not in rules:
        raise JiraError(404, f"The issue type has no field '{field_id}'.")
    field = site().fields[field_id]
    _change_options(field, given)
    field.name = given.name or field.name
    site().save_field(field)
    rule = rules[field_id]
    rules[field_id] = FieldRule(
        required=rule.required if given.required is None else given.required,
        on_screen=rule.on_screen if given.on_screen is None else given.on_screen,
        veto=rule.veto if given.veto is None else given.veto,
    )
    site().save_project(found)
    return _show(field, rules[field_id])


def _change_options(field: model.Field, given: _FieldChange) -> None:
    by_value = {option.value: option for option in field.options}
    named = [*given.delete_options, *given.disable_options]
    named += [rename.value for rename in given.rename_options]
    unknown = [value for value in named if value not in by_value]
    if unknown:
        raise JiraError(400, f"'{field.name}' has no option '{unknown[0]}'.")
    for rename in given.rename_options:
        by_value[rename.value].value = rename.to
    for value in given.disable_options:
        by_value[value].disabled = True
    gone = [by_value[value] for value in given.delete_options]
    field.options = [option for option in field.options if option not in gone]
    field.options += [_make_option(value) for value in given.add_options]


@control_schema_api.delete(f"{_RULES}/<field_id>")
def remove_field(project: str, type_id: str, field_id: str) -> ResponseReturnValue:
    """Take a field away from an issue type; issues keep their values, unseen."""
    found = _project(project)
    _rules(found, type_id).pop(field_id, None)
    site().save_project(found)
    return "", 204


@control_schema_api.delete("/projects/<project>/types/<type_id>")
def remove_type(project: str, type_id: str) -> ResponseReturnValue:
    """Take an issue type away from a project, so that no more such issues can be made."""
    found = _project(project)
    _rules(found, type_id)
    key = next(one for one in found.types if type_id in (one, site().types[one].name))
    found.removed_types[key] = found.types.pop(key)
    site().save_project(found)
    return "", 204


@control_schema_api.post("/projects/<project>/types/<type_id>/restore")
def restore_type(project: str, type_id: str) -> ResponseReturnValue:
    """Give an issue type back to its project."""
    found = _project(project)
    for one in found.removed_types:
        if type_id in (one, site().types[one].name):
            found.types[one] = found.removed_types.pop(one)
            site().save_project(found)
            return "", 204
    raise JiraError(404, f"'{found.key}' has lost no issue type '{type_id}'.")


@control_schema_api.patch("/projects/<project>")
def change_project(project: str) -> ResponseReturnValue:
    """Archive a project or bring it back: `{"archived": true}`."""
    given = json_body()
    if not isinstance(given, dict) or not isinstance(given.get("archived"), bool):
        raise invalid_payload()
    found = _project(project)
    found.archived = given["archived"]
    site().save_project(found)
    return {"key": found.key, "archived": found.archived}


@control_schema_api.get("/users")
def list_users() -> ResponseReturnValue:
    """Return every account, with addresses that Jira itself would hide."""
    return {"users": [vars(user) for user in site().users.values()]}


@control_schema_api.patch("/users/<account_id_or_email>")
def change_user(account_id_or_email: str) -> ResponseReturnValue:
    """Deactivate an account, hide its address, or undo that: `{"active": false}`."""
    given = json_body()
    allowed = {"active", "email_visible"}
    if not isinstance(given, dict) or given.keys() - allowed:
        raise invalid_payload()
    for user in site().users.values():
        if account_id_or_email in (user.account_id, user.email):
            changed = replace(user, **{key: bool(value) for key, value in given.items()})
            site().save_user(changed)
            return vars(changed)
    raise JiraError(404, f"Nobody here is '{account_id_or_email}'.")
