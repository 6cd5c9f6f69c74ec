"""What a test of the alerts can do and see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from core import alerts
from core.database import reading, writing
from core.models import Alert
from tests.support.messengers import Messenger
from tests.tasks.world import World


@dataclass
class Told:
    """Both messengers, and the hands of beat and worker."""

    world: World
    slack: Messenger
    telegram: Messenger

    def raise_alert(self, cause: str = "credentials:jira", **values: Any) -> None:
        usual: dict[str, Any] = {
            "title": "Jira refuses us",
            "text": "Renew the token.",
            "wait": timedelta(0),
        }
        with writing() as session:
            alerts.raise_alert(session, cause=cause, **(usual | values))

    def deliver(self) -> None:
        self.world.do_scheduled("ops.deliver_alerts")

    def later(self, **time: float) -> None:
        self.world.pass_time(timedelta(**time).total_seconds())
        self.deliver()

    def alert(self, cause="credentials:jira") -> Alert:
        with reading() as session:
            newest = select(Alert).where(Alert.cause == cause).order_by(Alert.id.desc()).limit(1)
            return session.scalars(newest).one()

    def causes(self) -> list[str]:
        with reading() as session:
            return list(session.scalars(select(Alert.cause).order_by(Alert.id)))
