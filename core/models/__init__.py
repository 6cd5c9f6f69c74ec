"""The tables of the gateway, as typed models.

What is personal (snapshots, bodies, people) lives here and nowhere else: messages and logs carry
ids.
"""

from core.models.alerts import Alert, AlertSeverity, AlertState
from core.models.commands import Command, CommandFailure, CommandState
from core.models.credentials import ApiCredential, Role
from core.models.deliveries import Delivery, DeliveryState
from core.models.domain_settings import DomainSetting
from core.models.links import Link, LinkState
from core.models.measurements import Measurement
from core.models.people import Person
from core.models.records import Activity, Audit, DeadLetter, DeadLetterState
from core.models.replays import Replay
from core.models.rules import Rule, RuleAction, RuleField, RuleState, RuleVersion
from core.models.shadow import RunState, ShadowResult, ShadowRun, ShadowVerdict
from core.models.users import LoginKind, User, WebSession
from core.orm import Base

__all__ = [
    "Activity",
    "Alert",
    "AlertSeverity",
    "AlertState",
    "ApiCredential",
    "Audit",
    "Base",
    "Command",
    "CommandFailure",
    "CommandState",
    "DeadLetter",
    "DeadLetterState",
    "Delivery",
    "DeliveryState",
    "DomainSetting",
    "Link",
    "LinkState",
    "LoginKind",
    "Measurement",
    "Person",
    "Replay",
    "Role",
    "Rule",
    "RuleAction",
    "RuleField",
    "RuleState",
    "RuleVersion",
    "RunState",
    "ShadowResult",
    "ShadowRun",
    "ShadowVerdict",
    "User",
    "WebSession",
]
