"""The one sentence at the head of a task's story: why it is in Jira or is not, and what to do now.

Pure: plain values in, words out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.clock import age
from core.models import Link, LinkState


class Tone(StrEnum):
    """How the sentence is to be taken."""

    WELL = "well"
    WAITING = "waiting"
    BAD = "bad"


class Remedy(StrEnum):
    """What a person can do about it."""

    REPLAY = "replay"
    SKIP = "skip"
    OPEN_RULE = "open_rule"
    OPEN_RULES = "open_rules"
    WAIT = "wait"


@dataclass(frozen=True)
class Verdict:
    """Why a task did or did not sync, what to do now, and with which buttons."""

    sentence: str
    advice: str = ""
    tone: Tone = Tone.WELL
    remedies: tuple[Remedy, ...] = ()


def verdict(  # noqa: PLR0911 - one for each state
    link: Link, rule: str | None, moment: datetime, *, worked_on: bool = False
) -> Verdict:
    """Judge a link; `rule` is the name of the rule it goes by, `worked_on` whether somebody is."""
    task = f"Task {link.source_id}"
    if link.due_at is not None and link.state is not LinkState.HELD:
        return _waiting(link, task, moment, worked_on=worked_on)
    match link.state:
        case LinkState.SYNCED:
            return _synced(link, task)
        case LinkState.UNROUTED:
            return Verdict(
                f"{task} is not in Jira, because no rule takes it.",
                "Make a rule that takes it, or change one: it is tried again by itself. Which "
                "conditions did not hold is told below.",
                Tone.BAD,
                (Remedy.OPEN_RULES,),
            )
        case LinkState.DROPPED:
            by = (Remedy.OPEN_RULE,) if rule else ()
            return Verdict(
                f"{task} is not in Jira, and should not be: {link.reason}.",
                "Nothing has to be done. If that is wrong, change the rule, then try it again.",
                Tone.WELL,
                (*by, Remedy.REPLAY),
            )
        case LinkState.HELD:
            return Verdict(
                f"{task} waits for its rule {rule!r}, which is out of force because it no longer "
                "fits Jira.",
                f"Mend the rule and enable it with a replay; nothing is lost. {link.reason}",
                Tone.BAD,
                (Remedy.OPEN_RULE, Remedy.SKIP),
            )
        case LinkState.DEAD:
            issue = f", so {link.issue_key} is out of date" if link.issue_key else ""
            return Verdict(
                f"{task} was given up{issue}: {without_command(link.reason)}",
                "Mend the cause, then try it again; or skip this change with a note.",
                Tone.BAD,
                (Remedy.REPLAY, Remedy.SKIP, *((Remedy.OPEN_RULE,) if rule else ())),
            )
        case LinkState.ISSUE_DELETED:
            return Verdict(
                f"{task} has no issue any more: {link.reason}.",
                "If people still need one, try it again: a new issue is made.",
                Tone.WAITING,
                (Remedy.REPLAY,),
            )
        case LinkState.VANISHED:
            kept = f" {link.issue_key} was left as it is." if link.issue_key else ""
            return Verdict(
                f"{task} is gone: {link.reason}.{kept}",
                "Nothing has to be done. Should the task show up again, it is taken up again.",
                Tone.WAITING,
            )
        case LinkState.SKIPPED:
            return Verdict(
                f"A person took the waiting change of task {link.source_id} out of the way: "
                f"{link.reason.removeprefix('skipped: ')}.",
                "Its next change is worked on as usual. To work on this one after all, try again.",
                Tone.WAITING,
                (Remedy.REPLAY,),
            )
    return _waiting(link, task, moment, worked_on=worked_on)


def _synced(link: Link, task: str) -> Verdict:
    if link.reason:
        return Verdict(
            f"{task} is {link.issue_key}, but not all of it is written there: {link.reason}",
            "Once the cause is mended, try it again.",
            Tone.WAITING,
            (Remedy.REPLAY,),
        )
    done = " Both are done." if link.completed else ""
    return Verdict(f"{task} is {link.issue_key} in Jira, and the two are in step.{done}")


def _waiting(link: Link, task: str, moment: datetime, *, worked_on: bool) -> Verdict:
    whither = f"on its way to {link.issue_key}" if link.issue_key else "not in Jira yet"
    if worked_on:
        return Verdict(
            f"{task} is {whither}: a worker is at it right now.",
            "Wait a few seconds, then reload.",
            Tone.WAITING,
            (Remedy.WAIT,),
        )
    if link.attempts == 0 or not link.reason:
        waited = f" for {age(moment - link.waiting_since)}" if link.waiting_since else ""
        return Verdict(
            f"{task} is {whither}: its change waits{waited} for a worker.",
            "Wait a moment. If it waits for minutes, see whether the workers run (Health).",
            Tone.WAITING,
            (Remedy.WAIT,),
        )
    times = "once" if link.attempts == 1 else f"{link.attempts} times"
    at = f" at {link.due_at:%H:%M:%S} UTC" if link.due_at else ""
    return Verdict(
        f"{task} is {whither}: it was tried {times}, and is tried again{at}. "
        f"The last attempt: {link.reason}.",
        "Nothing is lost: wait, or try it again now. Skip it if it should not be done at all.",
        Tone.WAITING,
        (Remedy.WAIT, Remedy.REPLAY, Remedy.SKIP),
    )


def without_command(reason: str) -> str:
    """Leave out a reason's advice for the command line: who reads this has buttons."""
    told, comma, _ = reason.partition(", then try again with: igw")
    told = f"{told}." if comma else told.partition(" Then try again with: igw")[0]
    return told.replace(".. ", ". ")
