"""`igw status`: one look at the whole gateway."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

import click
from kombu.exceptions import OperationalError

from cli.main import EXIT_FAILED
from cli.output import json_option, say, show_facts, show_json, show_table
from cli.workers import answering
from core import clock
from core.domains import Worker, all_workers, load_domains
from core.status import Status, read_status


@click.command()
@json_option
@click.pass_context
def status(ctx: click.Context, *, as_json: bool) -> None:
    """Show queues, workers, the last poll and the links by state.

    Exit code: 0 when everything is well, 1 when something needs a person or does not answer.
    """
    now = read_status()
    try:
        found = answering()
    except OperationalError:
        found = set()
    workers = {worker: worker.name in found for worker in all_workers(load_domains())}
    if as_json:
        named = {worker.name: answers for worker, answers in workers.items()}
        show_json({**asdict(now), "sentence": now.sentence, "workers": named})
    else:
        _show(now, workers)
    if now.sentence != "Everything is well." or not all(workers.values()):
        ctx.exit(EXIT_FAILED)


def _show(now: Status, workers: dict[Worker, bool]) -> None:
    say(now.sentence, "bold")
    say()
    poll = now.last_poll
    facts = [("vendors", now.mode.value)]
    if poll is not None and "error" not in poll:
        began = poll["began"][:19].replace("T", " ")
        counts = f"{poll['open']} open, {poll['new']} new, {poll['changed']} changed"
        facts.append(("last poll", f"{began} UTC, {poll['seconds']:.1f} s: {counts}"))
    facts += [
        ("polls", "paused" if now.poll_paused else f"every {now.poll_seconds} s"),
        ("work waiting", _waiting(now)),
        ("dead letters", str(now.dead_letters)),
        ("held by rules", str(now.held)),
    ]
    show_facts(facts)
    if now.tripped:
        say()
        show_table(
            ("TRIPPED RULE", "SINCE (UTC)", "HOLDS"),
            [(rule.name, f"{rule.since:%Y-%m-%d %H:%M}", rule.held) for rule in now.tripped],
            styles=["red"] * len(now.tripped),
        )
        say(f"See why, and what to do: igw rules show {now.tripped[0].name!r}")
    if any(now.oldest.values()):
        say("See which records wait, and why: igw lanes")
    say()
    show_table(
        ("WORKER", "", "QUEUE", "OLDEST WORK", "CANARY"),
        [
            (
                worker.name,
                "answers" if answers else "does not answer",
                " + ".join(f"{now.queues[name]:,}" for name in worker.queues if name in now.queues)
                or "-",
                _waits(now.oldest.get(worker.name)),
                _age(now.canaries.get(worker.name)),
            )
            for worker, answers in workers.items()
        ],
        styles=["" if answers else "red" for answers in workers.values()],
    )
    say()
    show_table(("TASKS", ""), sorted(now.links.items()) or [("none yet", "0")])
    say()
    show_table(("WEBHOOKS", ""), list(now.deliveries.items()))


def _waiting(now: Status) -> str:
    longest = now.longest_wait
    return f"{now.links_waiting:,}" + (f", the oldest for {longest}" if longest else "")


def _age(seconds: float | None) -> str:
    return "none yet" if seconds is None else f"{seconds:.0f} s ago"


def _waits(since: datetime | None) -> str:
    return "-" if since is None else clock.age(clock.now() - since)
