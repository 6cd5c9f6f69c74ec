"""`igw replay`: try again what was given up."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

import click

from cli.main import EXIT_FAILED
from cli.moments import Moment
from cli.output import json_option, say
from cli.person import author
from core import audit, dead_letters, ledger, replay_once, replaying
from core.database import reading, writing
from core.dead_letters import Letters
from core.models import Delivery, Replay, Rule, RuleState
from core.replay import replay_letters
from core.replaying import ACTION, Request
from core.rules import find_rule, subject

SOURCE = "peopleforce"
LONGEST_NONCE = 100


@dataclass(frozen=True)
class _How:
    """How somebody asks: with which nonce, or only to see what would come of it."""

    nonce: str
    preview: bool = False
    as_json: bool = False


@click.command()
@click.argument("key_or_id", required=False)
@click.option("--delivery", type=int, help="Id of a webhook delivery to work on again.")
@click.option("--rule", "rule_name", help="Everything that a rule holds, or that failed under it.")
@click.option("--all", "everything", is_flag=True, help="Every open dead letter.")
@click.option("--failed", is_flag=True, help="Of many: what failed, not what a rule holds.")
@click.option("--held", is_flag=True, help="Of many: what a rule holds, not what failed.")
@click.option("--since", type=Moment(), help="Of many: given up since then (or 90m, 2h, 3d ago).")
@click.option("--like", default="", help="Of many: with this text in the reason.")
@click.option("--limit", type=click.IntRange(1), help="Of many: at most so many, oldest first.")
@click.option("--preview", is_flag=True, help="Show what would come of it, and change nothing.")
@click.option("--nonce", help="A word of yours; asked for again with it, nothing is done twice.")
@json_option
@click.pass_context
def replay(
    ctx: click.Context,
    key_or_id: str | None,
    delivery: int | None,
    rule_name: str | None,
    *,
    everything: bool,
    failed: bool,
    held: bool,
    since: datetime | None,
    like: str,
    limit: int | None,
    preview: bool,
    nonce: str | None,
    as_json: bool,
) -> None:
    """Try again: a task (its id), an issue (its key), a delivery, a rule's, or all dead letters.

    Safe to repeat: only what is not done yet is done. A script that may not hear the answer gives a
    --nonce of its own, and asks again with the same one. Exit code: 1 when there is no such record,
    or when a preview could not ask a vendor.
    """
    named = (key_or_id is not None, delivery is not None, rule_name is not None, everything)
    if sum(named) != 1:
        raise click.UsageError("Name one task or issue, or --delivery ID, --rule NAME or --all.")
    wanted = Letters(held=held if failed != held else None, since=since, like=like)
    if (wanted != Letters() or limit is not None) and not (everything or rule_name is not None):
        raise click.UsageError(
            "--failed, --held, --since, --like and --limit choose among many: name --rule or --all."
        )
    if as_json and not preview:
        raise click.UsageError("--json goes with --preview.")
    how = _How(_checked(nonce) or secrets.token_hex(8), preview, as_json)
    try:
        if rule_name is not None:
            done = _replay_rule(rule_name, wanted, limit, how)
        elif everything:
            done = _replay_many("all dead letters", wanted, limit, how)
        elif delivery is not None:
            done = _replay_delivery(delivery, how)
        else:
            done = _replay_record(str(key_or_id).strip(), how)
    except replay_once.NonceTakenError as error:
        click.echo(str(error), err=True)
        done = False
    ctx.exit(0 if done else EXIT_FAILED)


def _checked(nonce: str | None) -> str | None:
    if nonce is not None and not 0 < len(nonce.strip()) <= LONGEST_NONCE:
        raise click.UsageError(f"A nonce has 1 to {LONGEST_NONCE} characters.")
    return nonce.strip() if nonce else None


def _replay_record(word: str, how: _How) -> bool:
    with reading() as session:
        link = ledger.find(session, SOURCE, word)
    if link is None:
        say(f"The gateway knows no task and no issue {word}.")
        return False
    if how.preview:
        from cli.replay_preview import preview_link  # noqa: PLC0415 - it loads both vendors

        return preview_link(link, as_json=how.as_json)
    known = replaying.replay_record(link, Request(author(), how.nonce))
    if known is not None:
        return _done_before(known)
    say(f"Task {link.source_id} is tried again. See what comes of it: igw why {link.source_id}")
    return _tell_nonce(how)


def _replay_delivery(delivery_id: int, how: _How) -> bool:
    with reading() as session:
        delivery = session.get(Delivery, delivery_id)
    if delivery is None:
        say(f"There is no delivery {delivery_id}; it may have been cleared out by age.")
        return False
    if delivery.task is None:
        say(f"Nobody handles {delivery.topic}, so there is nothing to try again.")
        return False
    if how.preview:
        from cli.replay_preview import preview_delivery  # noqa: PLC0415 - as above

        return preview_delivery(delivery, as_json=how.as_json)
    known = replaying.replay_webhook(delivery, Request(author(), how.nonce))
    if known is not None:
        return _done_before(known)
    say(f"Delivery {delivery_id} ({delivery.topic}) is worked on again.")
    return _tell_nonce(how)


def _replay_rule(name: str, wanted: Letters, limit: int | None, how: _How) -> bool:
    with reading() as session:
        rule = find_rule(session, name)
    if rule is None:
        say(f"There is no rule {name!r}. See them all: igw rules list")
        return False
    if rule.state is RuleState.TRIPPED and not how.preview:
        say(f"Rule {name!r} is tripped and would hold it all again. {rule.tripped_reason}")
        say(f"Mend it, then: igw rules enable {name!r} --replay")
        return False
    return _replay_many(subject(rule), replace(wanted, rule_id=rule.id), limit, how)


def replay_rule(rule: Rule) -> int:
    """Try everything again that a rule holds or that failed under it; say how much that is."""
    return _replay_letters(subject(rule), Letters(rule_id=rule.id))


def _replay_many(about: str, wanted: Letters, limit: int | None, how: _How) -> bool:
    if how.preview:
        from cli.replay_preview import preview_letters  # noqa: PLC0415 - as above

        return preview_letters(wanted, limit, as_json=how.as_json)
    with writing() as session:
        chosen = _chosen(wanted, limit)
        last = dead_letters.last_of(session, wanted, limit)
        asked = replay_once.begin(session, how.nonce, f"{about}{chosen}", author(), last)
    if asked.finished_at is not None:
        return _done_before(asked)
    # Begun before and cut off, it goes on with what was meant then.
    count = _replay_letters(about, replace(wanted, up_to=asked.up_to), chosen, how)
    with writing() as session:
        replay_once.finish(session, asked.id)
    are = "is" if count == 1 else "are"
    say(f"{_letters(count)} {are} tried again. See what comes of it: igw status")
    return _tell_nonce(how)


def _replay_letters(about: str, wanted: Letters, chosen: str = "", how: _How | None = None) -> int:
    with writing() as session:
        why = f"{_letters(dead_letters.count_open(session, wanted))}{chosen}"
        audit.note(session, author(), ACTION, about, after=_noted(how), why=why)
    replayed = replay_letters(wanted)
    replaying.publish_all(replayed)
    return len(replayed)


def _chosen(wanted: Letters, limit: int | None) -> str:
    """Say which of the letters are meant; "" for all of them."""
    words = dead_letters.in_words(wanted)
    parts = [words] if words else []
    if limit is not None:
        parts.append(f"the oldest {limit:,}")
    return f": {', '.join(parts)}" if parts else ""


def _noted(how: _How | None) -> dict[str, str] | None:
    return {"nonce": how.nonce} if how is not None else None


def _done_before(asked: Replay) -> bool:
    say(
        f"Nothing was done: with the nonce {asked.nonce!r} this was replayed at "
        f"{asked.at:%Y-%m-%d %H:%M:%S} UTC by {asked.asked_by}."
    )
    return True


def _tell_nonce(how: _How) -> bool:
    say(
        f"Not sure whether this arrived? Asked for again with --nonce {how.nonce}, it does nothing."
    )
    return True


def _letters(count: int) -> str:
    return f"{count:,} dead letter{'s' * (count != 1)}"
