"""`igw keys`: the API keys with which programs call the gateway."""

from __future__ import annotations

import sys

import click

from cli.main import EXIT_FAILED
from cli.output import json_option, say, show_json, show_table
from cli.person import author
from core import credentials
from core.credentials import CredentialError
from core.database import reading, writing
from core.models import ApiCredential, Role


@click.group()
def keys() -> None:
    """Make, list and revoke the API keys of programs that ask commands."""


@keys.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.VIEWER.value,
    show_default=True,
    help="What its holder may do.",
)
@json_option
def create(name: str, role: str, *, as_json: bool) -> None:
    """Make a key for the program NAME, and show it: this once, and never again."""
    try:
        with writing() as session:
            key = credentials.create(session, name, Role(role), author())
    except CredentialError as error:
        _fail(error)
    if as_json:
        show_json({"name": name, "role": role, "key": key})
        return
    say(key, "bold")
    say("Keep it where the program finds it; it cannot be shown again. It is sent as")
    say("Authorization: Bearer <the key>")


@keys.command(name="list")
@json_option
def list_keys(*, as_json: bool) -> None:
    """Show all keys, without the keys themselves."""
    with reading() as session:
        found = credentials.all_credentials(session)
    if as_json:
        show_json([_facts(row) for row in found])
    elif not found:
        say("There is no API key yet. Make one: igw keys create NAME")
    else:
        show_table(
            ("NAME", "ROLE", "CREATED (UTC)", "BY", "LAST USED (UTC)", ""),
            [
                (
                    row.name,
                    row.role.value,
                    f"{row.created_at:%Y-%m-%d %H:%M}",
                    row.created_by,
                    f"{row.last_used_at:%Y-%m-%d %H:%M}" if row.last_used_at else "never",
                    f"revoked {row.revoked_at:%Y-%m-%d %H:%M}" if row.revoked_at else "",
                )
                for row in found
            ],
            styles=["dim" if row.revoked_at else "" for row in found],
        )


@keys.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Make a key useless, from the next call on."""
    try:
        with writing() as session:
            revoked = credentials.revoke(session, name, author())
    except CredentialError as error:
        _fail(error)
    say(f"The key {name!r} is revoked." if revoked else f"The key {name!r} was revoked already.")


def _facts(row: ApiCredential) -> dict[str, object]:
    return {
        "name": row.name,
        "role": row.role.value,
        "created_at": row.created_at,
        "created_by": row.created_by,
        "last_used_at": row.last_used_at,
        "revoked_at": row.revoked_at,
    }


def _fail(error: CredentialError) -> None:
    text = str(error)
    say(f"{text[:1].upper()}{text[1:]}.")
    sys.exit(EXIT_FAILED)
