"""The settings: what an admin may change while everything runs, and what the environment says."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from flask import Blueprint, abort, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from jinja2_fragments.flask import render_block

from core import environment_settings, rules
from core.database import reading, writing
from core.domain_settings import (
    InvalidSettingError,
    Shown,
    parse,
    reset_setting,
    set_setting,
    show_all,
)
from core.domains import DomainSettingSpec, get_domain
from core.environment import env_file
from core.models import Role
from core.settings import get_settings
from gateway.access import role_required
from gateway.rendering import notice

bp = Blueprint("settings", __name__, url_prefix="/settings")

LONGEST_VALUE = 200


@bp.get("/")
@role_required(Role.ADMIN)
def index() -> ResponseReturnValue:
    """Show all settings, with who changed them last."""
    with reading() as session:
        shown = show_all(session)
        default_rule = rules.find_rule(session, rules.DEFAULT_RULE)
    return render_template(
        "settings.html",
        groups=_groups(shown),
        default_rule=default_rule,
        settings=get_settings(),
        entries=environment_settings.entries(),
        file=env_file(),
    )


@bp.post("/<domain>/<key>")
@role_required(Role.ADMIN)
def change(domain: str, key: str) -> ResponseReturnValue:
    """Put a value into force; one that does not fit is given back with what would."""
    spec = _spec(domain, key)
    typed = request.form.get("value", "")[:LONGEST_VALUE]
    value = parse(spec, typed)
    try:
        with writing() as session:
            set_setting(session, domain, key, value, g.user.email)
    except InvalidSettingError as error:
        return make_response(_row(domain, key, typed=typed, problem=error.problem), 422)
    told = {True: "on", False: "off"}.get(value, value) if spec.type == "bool" else value
    return _row(domain, key) + notice(f"{spec.title}: now {told}. It takes effect within seconds.")


@bp.post("/<domain>/<key>/default")
@role_required(Role.ADMIN)
def reset(domain: str, key: str) -> ResponseReturnValue:
    """Go back to the default."""
    spec = _spec(domain, key)
    with writing() as session:
        reset_setting(session, domain, key, g.user.email)
    return _row(domain, key) + notice(f"{spec.title}: back to the default.")


def _spec(domain: str, key: str) -> DomainSettingSpec:
    try:
        return get_domain(domain).setting(key)
    except KeyError:
        abort(404, f"There is no setting {domain}.{key}.")


def _row(domain: str, key: str, **values: str) -> str:
    with reading() as session:
        found = show_all(session)
    shown = next(one for one in found if (one.domain, one.spec.key) == (domain, key))
    return render_block("settings.html", "setting", shown=shown, **values)


def _groups(shown: Sequence[Shown]) -> list[tuple[str, list[Shown]]]:
    parts = groupby(shown, key=lambda one: one.domain)
    found = [(get_domain(domain).title, list(members)) for domain, members in parts]
    # What the gateway is for comes before its own chores.
    return found[::-1]
