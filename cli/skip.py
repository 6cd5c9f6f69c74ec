"""`igw skip`: take waiting work out of the way."""

from __future__ import annotations

import click

from cli.main import EXIT_FAILED
from cli.output import say
from cli.person import author
from core import ledger
from core.database import writing
from core.models import Delivery
from core.skipping import NotSkippedError, Request, skip_delivery, skip_record

DOMAIN, SOURCE, WEBHOOKS = "pf_jira", "peopleforce", "jira"


@click.command()
@click.argument("record", required=False)
@click.option("--delivery", type=int, help="Id of one webhook delivery to skip.")
@click.option("--note", required=True, help="Why: for whoever asks later.")
@click.pass_context
def skip(ctx: click.Context, record: str | None, delivery: int | None, note: str) -> None:
    """Skip what waits for a task (its id) or an issue (its key): it is not tried again.

    The next change of the record is worked on as usual. Who skipped it and why stands in its story
    and in the audit. Exit code: 1 when nothing was skipped.
    """
    if (record is None) == (delivery is None):
        raise click.UsageError("Name one task or issue, or --delivery ID.")
    if not note.strip():
        raise click.UsageError("The note must say why.")
    try:
        if delivery is not None:
            say(_skip_delivery(delivery, note.strip()))
        else:
            say(_skip_record(str(record).strip(), note.strip()))
    except NotSkippedError as error:
        click.echo(str(error), err=True)
        ctx.exit(EXIT_FAILED)


def _skip_record(word: str, note: str) -> str:
    with writing() as session:
        link = ledger.find(session, SOURCE, word)
        if link is None:
            raise NotSkippedError(
                f"The gateway knows no task and no issue {word}. See what waits: igw lanes"
            )
        skipped = skip_record(session, link, WEBHOOKS, Request(DOMAIN, author(), note))
    return (
        f"Task {skipped.record}: skipped {skipped}. Its next change is worked on as usual; to try "
        f"this one after all: igw replay {skipped.record}"
    )


def _skip_delivery(delivery_id: int, note: str) -> str:
    with writing() as session:
        delivery = session.get(Delivery, delivery_id)
        if delivery is None:
            raise NotSkippedError(
                f"There is no delivery {delivery_id}; it may have been cleared out by age."
            )
        skip_delivery(session, delivery, Request(DOMAIN, author(), note))
    return (
        f"Delivery {delivery_id}: skipped. To work on it after all: "
        f"igw replay --delivery {delivery_id}"
    )
