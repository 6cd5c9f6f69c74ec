"""Whether everything is well: the judgement on a status, and what to do about it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from core import liveness
from core.clock import now, since

if TYPE_CHECKING:
    from core.status import Status

POLL_GRACE = timedelta(minutes=2)
"""How much later than its interval a poll may be: it reports at its end, and may take 100 s; one
that is killed keeps its lock for 15 s."""

NAMED = 3
"""How many tripped rules the sentence names."""


class Level(StrEnum):
    """How well it is, as one colour says it."""

    WELL = "well"
    ATTENTION = "attention"
    """Work goes on; something waits for a person, or will mend itself."""
    BAD = "bad"
    """Work stands still."""


class Place(StrEnum):
    """The page where a person goes on; its value is what the dashboard calls it."""

    HEALTH = "health_page"
    RULES = "rules"
    DEAD_LETTERS = "dead_letters"
    LINKS = "links"
    SETTINGS = "settings"


@dataclass(frozen=True)
class Verdict:
    """Whether everything is well: one sentence, one colour, what to do now and where."""

    level: Level
    sentence: str
    remedy: str = ""
    place: Place | None = None


WELL = Verdict(Level.WELL, "Everything is well.")


def judge(status: Status) -> Verdict:
    """Give the verdict on what matters most: what keeps everything from being done comes first."""
    if not status.redis_answers:
        return Verdict(
            Level.BAD,
            "Redis does not answer: nothing is being done, and nothing is lost.",
            "Start it again. Its log is data/logs/redis.log; `igw doctor` says what is wrong.",
            Place.HEALTH,
        )
    if not status.broker_answers:
        return Verdict(
            Level.BAD,
            "The broker does not answer: nothing is being done, and nothing is lost.",
            "Start it again. `igw doctor` says what is wrong.",
            Place.HEALTH,
        )
    return (
        _about_vendors(status)
        or _concern_about_polls(status)
        or _about_canaries(status)
        or _about_tripped_rules(status)
        or _about_waiting_work(status)
        or WELL
    )


def _about_vendors(status: Status) -> Verdict | None:
    if not status.breakers:
        return None
    down = " and ".join(
        f"{it.vendor} {since(it.since)}" if it.since else it.vendor for it in status.breakers
    )
    lasting = bool(liveness.vendors_down(status.breakers, now()))
    return Verdict(
        Level.BAD if lasting else Level.ATTENTION,
        f"Does not answer: {down}. It is asked again every minute; work with it waits.",
        "See whether it is down for everybody. If it is not, `igw doctor` says what keeps the "
        "gateway from it."
        if lasting
        else "Nothing, unless it goes on for minutes.",
        Place.HEALTH,
    )


def _about_canaries(status: Status) -> Verdict | None:
    # What never came back has just been started; a status has no start of its own to count by.
    late = liveness.troubles(status.canaries, up_for=0)
    if not late:
        return None
    return Verdict(
        Level.BAD,
        f"{late[0].title}: {late[0].text}",
        "See on the health page which process is missing.",
        Place.HEALTH,
    )


def _about_waiting_work(status: Status) -> Verdict | None:
    if status.links_retrying:
        count = _counted(status.links_retrying, "task waits", "tasks wait")
        return Verdict(
            Level.ATTENTION,
            f"Running; {count} for another attempt: {status.retrying_because}.",
            "Nothing, unless it goes on. The tasks and their reasons are among the links.",
            Place.LINKS,
        )
    if status.dead_letters:
        count = _counted(status.dead_letters, "dead letter waits", "dead letters wait")
        return Verdict(
            Level.ATTENTION,
            f"Running; {count} for a person.",
            "Read why, correct the task or the rule, and try again.",
            Place.DEAD_LETTERS,
        )
    if status.held:
        count = _counted(status.held, "held change waits", "held changes wait")
        return Verdict(
            Level.ATTENTION,
            f"Running; {count} to be sent: igw replay --all.",
            "Their rule is in force again. Replay them.",
            Place.DEAD_LETTERS,
        )
    return None


def _about_tripped_rules(status: Status) -> Verdict | None:
    if not status.tripped:
        return None
    first, *others = status.tripped
    held = _counted(sum(rule.held for rule in status.tripped), "change", "changes")
    if others:
        names = ", ".join(repr(rule.name) for rule in status.tripped[:NAMED])
        more = f" and {len(status.tripped) - NAMED} more" if len(status.tripped) > NAMED else ""
        sentence = f"Running; the rules {names}{more} are tripped and hold {held}."
    else:
        sentence = f"Running; rule {first.name!r} is tripped {since(first.since)} and holds {held}."
    remedy = "See why, mend the rule or Jira, and put it back into force."
    return Verdict(Level.ATTENTION, sentence, remedy, Place.RULES)


def _concern_about_polls(status: Status) -> Verdict | None:
    if status.poll_paused:
        return Verdict(
            Level.ATTENTION,
            "Polling of PeopleForce is paused.",
            "Resume it when whatever it was paused for is over: nothing that changes in "
            "PeopleForce is seen until then.",
            Place.SETTINGS,
        )
    age = status.poll_age
    if age is None or status.last_poll is None:
        return Verdict(
            Level.ATTENTION,
            "Waiting for the first poll of PeopleForce.",
            f"Nothing: it comes within {status.poll_seconds} s of the start.",
            Place.HEALTH,
        )
    if age > timedelta(seconds=status.poll_seconds) + POLL_GRACE:
        minutes = round(age / timedelta(minutes=1))
        return Verdict(
            Level.BAD,
            f"The last poll of PeopleForce was {minutes} minutes ago: "
            "beat or the worker pf_jira does not do its work.",
            "See on the health page which of them is missing, and start it again.",
            Place.HEALTH,
        )
    error = status.last_poll.get("error")
    if not error:
        return None
    return Verdict(
        Level.ATTENTION,
        f"The last poll failed and will be repeated: {error}.",
        "Nothing, unless it goes on; then `igw doctor` says what is wrong.",
        Place.HEALTH,
    )


def _counted(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"
