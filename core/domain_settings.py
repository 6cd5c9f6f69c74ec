"""What an admin changed while everything runs; read from the database each time it matters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.domains import DomainSettingSpec, SettingValue, get_domain, load_domains
from core.errors import GatewayError
from core.models import DomainSetting
from core.settings import get_settings

TYPES: dict[str, type] = {"bool": bool, "int": int, "str": str}
_BOOLS = {"true": True, "false": False}
_WORDS = {"bool": "true or false", "int": "a whole number", "str": "a text"}


class InvalidSettingError(GatewayError):
    """The value does not fit the setting; `problem` says what would."""

    def __init__(self, setting: str, problem: str, value: object) -> None:
        super().__init__(setting, problem, value)
        self.setting, self.problem, self.value = setting, problem, value

    def __str__(self) -> str:
        return f"{self.setting} must be {self.problem}, not {self.value!r}"


@dataclass(frozen=True)
class Shown:
    """A setting with all that a person wants to know of it before changing it."""

    domain: str
    spec: DomainSettingSpec
    value: SettingValue
    default: SettingValue
    changed_at: datetime | None
    """When it was last changed; None where the default is in force and always was."""
    changed_by: str

    @property
    def name(self) -> str:
        """The setting as the command line and the audit name it."""
        return f"{self.domain}.{self.spec.key}"

    @property
    def is_default(self) -> bool:
        """Whether the value is the default, whoever set it."""
        return self.value == self.default


def get_setting(session: Session, domain: str, key: str) -> SettingValue:
    """Give the value in force: the admin's, else the default that `domain.toml` declares."""
    row = session.get(DomainSetting, (domain, key))
    return row.value if row is not None else _default(get_domain(domain).setting(key))


def set_setting(session: Session, domain: str, key: str, value: SettingValue, author: str) -> None:
    """Set a value; whoever reads it next works with it. `author` is who wants it so.

    Raises `InvalidSettingError` where the value does not fit the declaration.
    """
    spec = get_domain(domain).setting(key)
    problem = _problem(spec, value)
    if problem:
        raise InvalidSettingError(f"{domain}.{key}", problem, value)
    before = get_setting(session, domain, key)
    session.merge(DomainSetting(domain=domain, key=key, value=value))
    audit.note(session, author, "set", _subject(domain, key), before=before, after=value)


def reset_setting(session: Session, domain: str, key: str, author: str) -> None:
    """Go back to the default; where that comes from the environment, it follows it from now on."""
    spec = get_domain(domain).setting(key)
    row = session.get(DomainSetting, (domain, key))
    if row is None:
        return
    session.delete(row)
    audit.note(
        session, author, "reset", _subject(domain, key), before=row.value, after=_default(spec)
    )


def parse(spec: DomainSettingSpec, text: str) -> SettingValue:
    """Read a value as a form sends it; what is no such value stays text, and is refused later."""
    text = text.strip()
    if spec.type == "bool" and text in _BOOLS:
        return _BOOLS[text]
    if spec.type == "int" and re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        return int(text)
    return text


def show_all(session: Session) -> list[Shown]:
    """Give the settings of all domains in the order of their declaration, in two questions."""
    rows = {(row.domain, row.key): row for row in session.scalars(select(DomainSetting))}
    specs = [(domain.name, spec) for domain in load_domains() for spec in domain.settings]
    changes = audit.last_of(session, [_subject(domain, spec.key) for domain, spec in specs])
    found = []
    for domain, spec in specs:
        row = rows.get((domain, spec.key))
        change = changes.get(_subject(domain, spec.key))
        default = _default(spec)
        # The audit may be younger than the change.
        noted = row.updated_at if row is not None else None
        found.append(
            Shown(
                domain=domain,
                spec=spec,
                value=row.value if row is not None else default,
                default=default,
                changed_at=change.at if change is not None else noted,
                changed_by=change.actor if change is not None else "",
            )
        )
    return found


def _subject(domain: str, key: str) -> str:
    return f"setting {domain}.{key}"


def _default(spec: DomainSettingSpec) -> SettingValue:
    if spec.default_from is not None:
        return getattr(get_settings(), spec.default_from)
    if spec.default is None:
        raise KeyError(spec.key)
    return spec.default


def _problem(spec: DomainSettingSpec, value: SettingValue) -> str:
    if type(value) is not TYPES[spec.type]:
        return _WORDS[spec.type]
    if isinstance(value, int):
        if spec.minimum is not None and value < spec.minimum:
            return f"at least {spec.minimum}"
        if spec.maximum is not None and value > spec.maximum:
            return f"at most {spec.maximum}"
    if spec.pattern is not None and not re.fullmatch(spec.pattern, str(value)):
        return f"of the form {spec.form or spec.pattern}"
    return ""
