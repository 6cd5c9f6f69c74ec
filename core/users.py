"""People who may look at the dashboard: who they are, what they may do, who let them in."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from core import audit, web_sessions
from core.access import e_mail
from core.clock import now
from core.errors import GatewayError
from core.identity import Identity, LoginRefusedError
from core.models import Role, User
from core.settings import Settings, get_settings
from core.web_sessions import subject_of

DEVELOPMENT_DOMAIN = "development.invalid"
"""Addresses of those who log in without a password; nobody can have one. Source: RFC 2606."""

PAGE = 50
"""People on one page."""


class UserError(GatewayError):
    """What was asked about a person cannot be done; the message says why and what to do."""


def admit(session: Session, identity: Identity, settings: Settings) -> User:
    """Give the person who logs in, known, invited or new.

    Raises `LoginRefusedError` where they may not come in. A person is known by Google's id; an
    address alone lets in only whoever has never logged in, because addresses are given to others.
    """
    user = session.scalar(select(User).where(User.google_id == identity.google_id))
    if user is None:
        user = _newcomer(session, identity, settings)
    if user.disabled_at is not None:
        raise LoginRefusedError(
            f"The access of {user.email} was taken away. An admin can give it back: "
            f"{_admins_in_words(session)}.",
            identity.email,
        )
    _follow_address(session, user, identity)
    user.name = identity.name or user.name
    if identity.email == settings.first_admin and not _admins(session):
        audit.note(
            session,
            audit.GATEWAY,
            "changed the role of",
            subject_of(user),
            before={"role": user.role.value},
            after={"role": Role.ADMIN.value},
            why="IGW_FIRST_ADMIN names them, and there was no admin",
        )
        user.role = Role.ADMIN
    return user


def _newcomer(session: Session, identity: Identity, settings: Settings) -> User:
    """Give the row for somebody whose Google account never logged in here."""
    user = find(session, identity.email)
    if user is None:
        if settings.invited_only and identity.email != settings.first_admin:
            raise LoginRefusedError(
                f"{identity.email} has no invitation. An admin can invite you: "
                f"{_admins_in_words(session)}.",
                identity.email,
            )
        user = User(email=identity.email, role=Role.VIEWER)
        session.add(user)
    if user.disabled_at is None and user.google_id is not None:
        raise LoginRefusedError(
            f"The address {identity.email} belonged to another Google account when it was used "
            "here before. If it is yours now, an admin disables the old access and enables it "
            f"again: {_admins_in_words(session)}.",
            identity.email,
        )
    user.google_id = identity.google_id
    session.flush()
    return user


def _follow_address(session: Session, user: User, identity: Identity) -> None:
    """Take over the address that Google gives a known person now."""
    if user.email == identity.email or find(session, identity.email) is not None:
        return
    before = user.email
    user.email = identity.email
    audit.note(
        session,
        audit.GATEWAY,
        "changed the address of",
        subject_of(user),
        before={"email": before},
        after={"email": user.email},
        why="Google gave it with the log-in of the same account",
    )


def development_user(session: Session, role: Role) -> User:
    """Give the made-up person who has this role, as if nobody had changed anything about them."""
    email = f"{role.value}@{DEVELOPMENT_DOMAIN}"
    user = find(session, email)
    if user is None:
        user = User(email=email, role=role, name=f"Sandbox {role.value}")
        session.add(user)
    user.role, user.disabled_at = role, None
    return user


def note_refused(session: Session, refusal: LoginRefusedError) -> None:
    """Leave a row in the audit for somebody who was not let in."""
    who = refusal.email or "somebody"
    audit.note(session, who, "was refused at log-in", f"person {who}", why=refusal.message)


def invite(session: Session, email: str, role: Role, actor: str) -> User:
    """Let a person in with a role before they log in for the first time.

    Raises `UserError` for what is no address, and for somebody who is known already.
    """
    address = _address(email)
    known = find(session, address)
    if known is not None:
        state = "is disabled" if known.disabled_at else f"is here already, as {known.role.value}"
        remedy = "enable them" if known.disabled_at else "change the role"
        raise UserError(f"{address} {state}: {remedy} instead")
    user = User(email=address, role=role, invited_by=actor)
    session.add(user)
    session.flush()
    audit.note(session, actor, "invited", subject_of(user), after={"role": role.value})
    return user


def change_role(session: Session, user: User, role: Role, actor: str) -> None:
    """Give a person another role, which counts from their next request on.

    Raises `UserError` where nobody would be admin any more.
    """
    if user.role is role:
        return
    if role is not Role.ADMIN:
        _keep_an_admin(session, user)
    before = user.role
    user.role = role
    audit.note(
        session,
        actor,
        "changed the role of",
        subject_of(user),
        before={"role": before.value},
        after={"role": role.value},
    )


def disable(session: Session, user: User, actor: str) -> None:
    """Take a person's access away, from their next request on, and end their log-ins.

    Raises `UserError` where nobody would be admin any more.
    """
    if user.disabled_at is not None:
        return
    _keep_an_admin(session, user)
    user.disabled_at = now()
    audit.note(session, actor, "disabled", subject_of(user), before={"role": user.role.value})
    web_sessions.revoke_all(session, user, actor)


def enable(session: Session, user: User, actor: str) -> None:
    """Give a person's access back, to whoever has the address now."""
    if user.disabled_at is None:
        return
    user.disabled_at = user.google_id = None
    audit.note(session, actor, "enabled", subject_of(user), after={"role": user.role.value})


def find(session: Session, email: str) -> User | None:
    """Give the person of an address, in whatever case it is written."""
    return session.scalar(select(User).where(User.email == email.strip().casefold()))


def find_or_refuse(session: Session, email: str) -> User:
    """Give the person of an address; raise `UserError` where there is none."""
    user = find(session, email)
    if user is None:
        raise UserError(f"nobody with the address {email!r} is known: invite them first")
    return user


def listed(session: Session, about: str = "", page: int = 1) -> tuple[Sequence[User], int]:
    """Give one page of people and how many there are, those who logged in last first.

    `about` is any part of an address or a name.
    """
    rows = _about(about)
    count = session.scalar(select(func.count()).select_from(rows.subquery())) or 0
    return session.scalars(rows.offset((page - 1) * PAGE).limit(PAGE)).all(), count


def everybody(session: Session, about: str = "") -> Sequence[User]:
    """Give all people, in the order of `listed`."""
    return session.scalars(_about(about)).all()


def _about(about: str) -> Select[User]:
    rows = select(User).order_by(User.last_login_at.desc().nulls_last(), User.email)
    if not about:
        return rows
    columns = (User.email, User.name)
    return rows.where(or_(*(column.icontains(about, autoescape=True) for column in columns)))


def admins(session: Session) -> list[str]:
    """Give the addresses of those who may change roles, some of them where there are many."""
    rows = select(User.email).where(User.role == Role.ADMIN, User.disabled_at.is_(None))
    return list(session.scalars(rows.order_by(User.last_login_at.desc().nulls_last()).limit(3)))


def _admins_in_words(session: Session) -> str:
    return ", ".join(admins(session)) or "there is none yet, see IGW_FIRST_ADMIN"


def _admins(session: Session) -> list[User]:
    """Give all who are admin and could log in, locked until the transaction ends.

    Two admins who demote each other at the same moment wait for each other here; on SQLite every
    writer waits anyway.
    """
    rows = session.scalars(
        select(User)
        .where(User.role == Role.ADMIN, User.disabled_at.is_(None))
        .order_by(User.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    made_up_count = get_settings().dev_login_on
    return [user for user in rows if made_up_count or not _made_up(user)]


def _keep_an_admin(session: Session, user: User) -> None:
    session.flush()
    others = [admin for admin in _admins(session) if admin.id != user.id]
    session.refresh(user)
    if user.role is not Role.ADMIN or user.disabled_at is not None or others:
        return
    raise UserError(
        f"{user.email} is the last admin, and without one nobody could change roles any more: "
        "make somebody else admin first"
    )


def _made_up(user: User) -> bool:
    return user.email.endswith(f"@{DEVELOPMENT_DOMAIN}")


def _address(email: str) -> str:
    try:
        address = e_mail(email)
    except ValueError as error:
        raise UserError(f"{error}: write it as name@company.example") from None
    if address.endswith(f"@{DEVELOPMENT_DOMAIN}"):
        raise UserError(f"{DEVELOPMENT_DOMAIN} is kept for the sandbox: nobody can log in with it")
    return address
