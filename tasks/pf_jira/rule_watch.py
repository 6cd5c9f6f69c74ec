"""The rules that a piece of work goes by, kept true while the work lasts."""

from __future__ import annotations

import logging

from core import audit, rule_changes, rule_states, shadow
from core.database import reading, writing
from core.dispatch import publish
from core.mapping.routing import Rule
from core.rules import RulesInForce, rules_in_force
from tasks.pf_jira import DOMAIN, schemas

log = logging.getLogger(__name__)

SHADOW = "pf_jira.shadow"
"""Task that tries rules; by its name, since it stands on what stands on this module."""


class RuleWatch:
    """The rules in force, read once and again as soon as they have changed.

    Fifty records can take a minute, and a rule that is taken out in between must not be used for
    the rest of them.
    """

    def __init__(self) -> None:
        self._generation = rule_changes.generation()
        self.in_force = _read()

    def still_allows(self, rule: Rule | None) -> bool:
        """Say whether a rule is in force as it was; ask before each call that it leads to."""
        if rule is None:
            return True
        if rule_changes.generation() != self._generation:
            self._read_again()
        return rule in self.in_force.rules and rule.id not in self.in_force.tripped

    def trip(self, rule: Rule, reason: str) -> str | None:
        """Take a rule out of force, and give the reason that it is out for.

        None where somebody has changed it meanwhile, so that its records are to be mapped anew.
        """
        version = self.in_force.versions.get(rule.id, 0)
        run_id = None
        with writing() as session:
            tripped = rule_states.trip(session, rule.id, version, reason)
            if tripped:
                # What would help is worked out at once, and that it does not fit is on record:
                # once it does, that is news.
                run_id = shadow.ask(session, DOMAIN, audit.GATEWAY, rule.name)
        if run_id is not None:
            publish(SHADOW, run_id)
            # Whoever mends it in the next seconds must not be refused by what was read before.
            schemas.forget(rule.project, rule.issue_type)
            log.error("rule_tripped", extra={"rule": rule.name, "version": version})
        self._read_again()
        return self.in_force.tripped.get(rule.id)

    def _read_again(self) -> None:
        self._generation = rule_changes.generation()
        self.in_force = _read()


def _read() -> RulesInForce:
    with reading() as session:
        return rules_in_force(session)
