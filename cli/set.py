"""`igw set`: change a domain's setting while everything runs."""

from __future__ import annotations

import json

import click

from cli.output import json_option, say, show_json, show_table
from cli.person import author
from core.database import reading, writing
from core.domain_settings import InvalidSettingError, get_setting, set_setting
from core.domains import load_domains


@click.command(name="set")
@click.argument("setting", required=False)
@click.argument("value", required=False)
@json_option
def set_(setting: str | None, value: str | None, *, as_json: bool) -> None:
    """Change a setting, or show them all: `igw set pf_jira.poll_interval_seconds 30`.

    It takes effect within seconds and needs no restart. Exit code: 2 when it does not fit.
    """
    if setting is None:
        _show(as_json=as_json)
        return
    domain, _, key = setting.partition(".")
    if value is None:
        raise click.UsageError(f"Say what {setting} is to be.")
    try:
        with writing() as session:
            set_setting(session, domain, key, _parse(value), author())
    except KeyError:
        raise click.UsageError(f"There is no setting {setting}. See them all: igw set") from None
    except InvalidSettingError as error:
        raise click.UsageError(f"{error}.") from error
    say(f"{setting} is now {value}.")


def _show(*, as_json: bool) -> None:
    with reading() as session:
        rows = [
            (f"{domain.name}.{spec.key}", get_setting(session, domain.name, spec.key), spec.title)
            for domain in load_domains()
            for spec in domain.settings
        ]
    if as_json:
        show_json({name: value for name, value, _ in rows})
    else:
        show_table(("SETTING", "VALUE", "WHAT IT IS"), rows)


def _parse(value: str) -> bool | int | float | str:
    """Read true, false and numbers as such, and everything else as text."""
    try:
        parsed = json.loads(value)
    except ValueError:
        return value
    return parsed if isinstance(parsed, bool | int | float) else value
