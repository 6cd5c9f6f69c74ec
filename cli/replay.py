"""`igw replay`: try again what was given up."""

from __future__ import annotations

import click

from cli.main import EXIT_FAILED
from cli.output import say
from core import dead_letters, ledger
from core.database import reading, writing
from core.dispatch import publish, publish_batches
from core.models import Delivery, Link
from core.replay import replay_delivery, replay_link

DOMAIN, SOURCE, SYNC = "pf_jira", "peopleforce", "pf_jira.sync"


@click.command()
@click.argument("key_or_id", required=False)
@click.option("--delivery", type=int, help="Id of a webhook delivery to work on again.")
@click.option("--all", "everything", is_flag=True, help="Every open dead letter.")
@click.pass_context
def replay(
    ctx: click.Context, key_or_id: str | None, delivery: int | None, *, everything: bool
) -> None:
    """Try again: a task (its id), an issue (its key), a delivery, or every dead letter.

    Safe to repeat: only what is not done yet is done. Exit code: 1 when there is no such record.
    """
    if sum((key_or_id is not None, delivery is not None, everything)) != 1:
        raise click.UsageError("Name one task or issue, or --delivery ID, or --all.")
    if everything:
        _replay_all()
    elif delivery is not None:
        ctx.exit(0 if _replay_delivery(delivery) else EXIT_FAILED)
    else:
        ctx.exit(0 if _replay_record(str(key_or_id).strip()) else EXIT_FAILED)


def _replay_record(word: str) -> bool:
    with writing() as session:
        link = ledger.find(session, SOURCE, word)
        if link is not None:
            replay_link(session, DOMAIN, link)
    if link is None:
        say(f"The gateway knows no task and no issue {word}.")
        return False
    publish(SYNC, [link.id])
    say(f"Task {link.source_id} is tried again. See what comes of it: igw why {link.source_id}")
    return True


def _replay_delivery(delivery_id: int) -> bool:
    with writing() as session:
        delivery = session.get(Delivery, delivery_id)
        if delivery is not None and delivery.task is not None:
            replay_delivery(session, delivery)
    if delivery is None:
        say(f"There is no delivery {delivery_id}; it may have been cleared out by age.")
        return False
    if delivery.task is None:
        say(f"Nobody handles {delivery.topic}, so there is nothing to try again.")
        return False
    publish(delivery.task, [delivery.id])
    say(f"Delivery {delivery_id} ({delivery.topic}) is worked on again.")
    return True


def _replay_all() -> None:
    with reading() as session:
        letters = dead_letters.open_letters(session)
    links: list[int] = []
    deliveries: dict[str, list[int]] = {}
    with writing() as session:
        for letter in letters:
            if letter.unit == "link" and (link := session.get(Link, letter.unit_id)):
                replay_link(session, DOMAIN, link)
                links.append(link.id)
            elif letter.unit == "delivery" and (row := session.get(Delivery, letter.unit_id)):
                replay_delivery(session, row)
                deliveries.setdefault(row.task or "", []).append(row.id)
    publish_batches(SYNC, links)
    for task, ids in deliveries.items():
        publish_batches(task, ids)
    say(f"{len(letters)} dead letters are tried again. See what comes of them: igw status")
