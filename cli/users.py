"""`igw users`: who may look at the dashboard, also when nobody can log in any more."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click
from sqlalchemy.orm import Session

from cli.main import EXIT_FAILED
from cli.output import json_option, say, show_json, show_table
from cli.person import author
from core import users as core_users
from core import web_sessions
from core.database import reading, writing
from core.models import Role, User
from core.users import UserError

ROLE = click.Choice([role.value for role in Role])


@click.group()
def users() -> None:
    """Invite people to the dashboard, change their roles, take their access away."""


@users.command(name="list")
@click.option("--about", default="", help="Only people with this text in address or name.")
@json_option
def list_users(about: str, *, as_json: bool) -> None:
    """Show all people, those who logged in last first."""
    with reading() as session:
        found = list(core_users.everybody(session, about))
        logins = web_sessions.open_sessions(session, [user.id for user in found])
    if as_json:
        show_json([_facts(user, len(logins[user.id])) for user in found])
    elif not found:
        say("Nobody is known yet. Invite somebody: igw users invite EMAIL --role admin")
    else:
        show_table(
            ("E-MAIL", "NAME", "ROLE", "LAST LOG-IN (UTC)", "LOGGED IN ON", ""),
            [
                (
                    user.email,
                    user.name,
                    user.role.value,
                    f"{user.last_login_at:%Y-%m-%d %H:%M}" if user.last_login_at else "never",
                    len(logins[user.id]) or "",
                    f"disabled {user.disabled_at:%Y-%m-%d %H:%M}" if user.disabled_at else "",
                )
                for user in found
            ],
            styles=["dim" if user.disabled_at else "" for user in found],
        )


@users.command()
@click.argument("email")
@click.option("--role", type=ROLE, default=Role.VIEWER.value, show_default=True)
def invite(email: str, role: str) -> None:
    """Let the person with the address EMAIL in, before they log in for the first time."""
    try:
        with writing() as session:
            user = core_users.invite(session, email, Role(role), author())
    except UserError as error:
        _fail(error)
    say(f"{user.email} can log in now, as {role}. No mail was sent.")


@users.command(name="role")
@click.argument("email")
@click.argument("role", type=ROLE)
def change_role(email: str, role: str) -> None:
    """Give a person another role, which counts from their next request on."""
    _change(email, lambda s, user: core_users.change_role(s, user, Role(role), author()))
    say(f"{email} is {role} now.")


@users.command()
@click.argument("email")
def disable(email: str) -> None:
    """Take a person's access away, and log them out everywhere."""
    _change(email, lambda s, user: core_users.disable(s, user, author()))
    say(f"{email} is out, everywhere, and cannot log in again until enabled.")


@users.command()
@click.argument("email")
def enable(email: str) -> None:
    """Give a person's access back, to whoever has the address now."""
    _change(email, lambda s, user: core_users.enable(s, user, author()))
    say(f"{email} can log in again.")


@users.command()
@click.argument("email")
def logout(email: str) -> None:
    """Log a person out everywhere."""
    ended = _change(email, lambda s, user: web_sessions.revoke_all(s, user, author()))
    say(f"{email} was logged out of {ended} browser{'' if ended == 1 else 's'}.")


def _change(email: str, change: Callable[[Session, User], int | None]) -> int | None:
    try:
        with writing() as session:
            return change(session, core_users.find_or_refuse(session, email))
    except UserError as error:
        _fail(error)


def _facts(user: User, logins: int) -> dict[str, object]:
    return {
        "email": user.email,
        "name": user.name,
        "role": user.role.value,
        "invited_by": user.invited_by,
        "created_at": user.created_at,
        "last_login_at": user.last_login_at,
        "disabled_at": user.disabled_at,
        "logged_in_on": logins,
    }


def _fail(error: UserError) -> None:
    text = str(error)
    say(f"{text if '@' in text.split(' ', 1)[0] else text[:1].upper() + text[1:]}.")
    sys.exit(EXIT_FAILED)
