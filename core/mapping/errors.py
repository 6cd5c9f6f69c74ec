"""What is wrong with a rule as it is written, before any record is seen."""

from __future__ import annotations

from collections.abc import Iterable

from core.errors import GatewayError


class RuleError(GatewayError):
    """One part of a rule cannot be used; the message says which, why and what to do.

    `part` is where it stands in the rule's document (`fields[2].sources[0].template`). Whoever
    builds a part alone knows neither rule nor part: `at` adds them on the way out.
    """

    def __init__(self, problem: str, remedy: str, part: str = "", rule: str = "") -> None:
        # Exceptions are rebuilt from their args when they cross a process, so args mirror this.
        super().__init__(problem, remedy, part, rule)
        self.problem, self.remedy, self.part, self.rule = problem, remedy, part, rule

    def at(self, part: str = "", rule: str = "") -> RuleError:
        """Give the same error, placed: `part` is put before the part that is already known."""
        joint = "." if part and self.part and not self.part.startswith("[") else ""
        return RuleError(self.problem, self.remedy, f"{part}{joint}{self.part}", rule or self.rule)

    def __str__(self) -> str:
        place = ", ".join(
            words for words in (f"rule {self.rule!r}" if self.rule else "", self.part) if words
        )
        return (
            f"{place}: {self.problem}; {self.remedy}"
            if place
            else (f"{self.problem}; {self.remedy}")
        )


class RuleDocumentError(GatewayError):
    """A rule's document cannot be used; `errors` holds everything that is wrong with it."""

    def __init__(self, errors: Iterable[RuleError]) -> None:
        self.errors = tuple(errors)
        super().__init__(self.errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)
