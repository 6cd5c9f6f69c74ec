"""Shadow mappings: rules tried on real records before real work depends on them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.clock import now
from core.orm import Base, Id, Json, UtcDateTime, enum_column


class RunState(StrEnum):
    """How far a shadow mapping is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """It could not be carried through; `reason` says why. It says nothing about the rules."""


class ShadowVerdict(StrEnum):
    """What a shadow mapping found about one rule."""

    FITS = "fits"
    SOME_FAIL = "some_fail"
    """Some records would be refused, by their own fault or too few to blame the rule."""
    UNFIT = "unfit"
    """The rule does not fit the target any more."""
    UNUSED = "unused"
    """It fits, and took none of the recent records."""
    UNKNOWN = "unknown"
    """The target could not be asked; nothing is concluded from that."""


class ShadowRun(Base):
    """One shadow mapping of all rules, or of one."""

    __tablename__ = "shadow_runs"
    __table_args__ = (Index("ix_shadow_runs_asked_at", "asked_at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    domain: Mapped[str] = mapped_column(String(50))
    asked_by: Mapped[str] = mapped_column(String(200))
    """A person, or `schedule`."""
    only_rule: Mapped[str | None] = mapped_column(String(200))
    """The name of the one rule that was asked about; NULL for all."""
    state: Mapped[RunState] = mapped_column(enum_column(RunState), default=RunState.WAITING)
    reason: Mapped[str] = mapped_column(Text, default="")
    rules_total: Mapped[int] = mapped_column(default=0)
    rules_done: Mapped[int] = mapped_column(default=0)
    records: Mapped[int] = mapped_column(default=0)
    """How many different records were tried."""
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    results: Mapped[list[ShadowResult]] = relationship(
        cascade="all, delete-orphan", order_by="ShadowResult.id", lazy="raise"
    )


class ShadowResult(Base):
    """What one shadow mapping found about one rule, and what was done about it."""

    __tablename__ = "shadow_results"
    __table_args__ = (
        Index("ix_shadow_results_run_id", "run_id"),
        Index("ix_shadow_results_rule_id", "rule_id", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("shadow_runs.id", ondelete="CASCADE"))
    rule_id: Mapped[int] = mapped_column(ForeignKey("rules.id", ondelete="CASCADE"))
    rule_version: Mapped[int]
    verdict: Mapped[ShadowVerdict] = mapped_column(enum_column(ShadowVerdict))
    summary: Mapped[str] = mapped_column(Text)
    """The verdict in one sentence for people."""
    tried: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    findings: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    """Each problem once, with how many records have it and the ids of a few."""
    mends: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    """Changes of the rule that would help, and how many records they were seen to help."""
    collisions: Mapped[list[str]] = mapped_column(Json, default=list)
    """The other rules that can take the same records, in words."""
    action: Mapped[str] = mapped_column(String(20), default="")
    """`strike`, `tripped`, `offered` or `enabled`; empty where nothing was done."""
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
