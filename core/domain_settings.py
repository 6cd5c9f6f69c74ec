"""What an admin changed while everything runs; read from the database each time it matters."""

from __future__ import annotations

import re

from sqlalchemy.orm import Session

from core import audit
from core.domains import DomainSettingSpec, SettingValue, get_domain
from core.errors import GatewayError
from core.models import DomainSetting
from core.settings import get_settings

TYPES: dict[str, type] = {"bool": bool, "int": int, "str": str}
_WORDS = {"bool": "true or false", "int": "a whole number", "str": "a text"}


class InvalidSettingError(GatewayError):
    """The value does not fit the setting; the message says what would."""


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
        raise InvalidSettingError(f"{domain}.{key} must be {problem}, not {value!r}")
    before = get_setting(session, domain, key)
    session.merge(DomainSetting(domain=domain, key=key, value=value))
    audit.note(session, author, "set", f"setting {domain}.{key}", before=before, after=value)


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
