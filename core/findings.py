"""What a check found: what it is about, what is wrong, and what to do now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import GatewayError


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, in words for the person who will mend it."""

    subject: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.problem}. Remedy: {self.remedy}."


class InvalidSettingsError(GatewayError):
    """The settings cannot be used; `findings` lists everything that is wrong with them."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(list(findings))
        self.findings = list(findings)

    def __str__(self) -> str:
        return "The settings cannot be used:\n" + "\n".join(f"  - {f}" for f in self.findings)
