"""Celery's tasks and the `domain.toml` files say the same."""

from __future__ import annotations

import pytest

import celeryconfig
from core.commands import KEEP, LONGEST_RUN
from core.domain_settings import _problem
from core.domains import all_workers, load_domains
from tasks import app

DOMAINS = load_domains()
EXAMPLE = "see tasks/pf_jira/poll.py for an example"


@pytest.fixture(scope="module")
def tasks():
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def test_there_are_domains_and_each_has_tasks(tasks):
    with_tasks = {name.partition(".")[0] for name in tasks}
    assert with_tasks == {domain.name for domain in DOMAINS}


def test_every_task_goes_to_the_queue_of_its_domain(tasks):
    queues = {domain.name: domain.queue for domain in DOMAINS}
    awaited = {task: domain.commands_queue for domain in DOMAINS for task in domain.awaited_tasks}
    wrong = {}
    for name, task in tasks.items():
        home = task.__module__.split(".")[1]
        # The canary is the same for all domains, and bears the name of each.
        domain = name.partition(".")[0] if home == "liveness" else home
        routed = app.amqp.router.route({}, name)["queue"].name
        if (name.partition(".")[0], routed) != (domain, awaited.get(name, queues[domain])):
            wrong[name] = f"defined in {task.__module__}, routed to the queue {routed}"
    assert not wrong, f"name a task <domain>.<what it does>; {EXAMPLE}: {wrong}"


def test_every_task_that_a_domain_names_exists(tasks):
    named = {
        (f"tasks/{domain.name}/domain.toml", task) for domain in DOMAINS for task in domain.tasks
    }
    missing = {(file, task) for file, task in named if task not in tasks}
    assert not missing, f"no function bears these names in @app.task(name=...): {missing}"


def test_every_task_bounds_its_retries(tasks):
    unbounded = {name for name, task in tasks.items() if not _own_max_retries(task)}
    assert not unbounded, (
        f"{unbounded} lack max_retries=... in @app.task: a worker that dies on a message would die "
        f"on it for ever; {EXAMPLE}"
    )


def test_a_task_whose_process_was_killed_is_tried_again_at_once(tasks):
    late = {name: task.default_retry_delay for name, task in tasks.items()}
    late = {name: seconds for name, seconds in late.items() if seconds > 1}
    assert not late, "the killed task holds the claims on its records, so nobody else works on them"


def _own_max_retries(task) -> bool:
    # Celery's default is inherited; only what @app.task was given is the task's own.
    return "max_retries" in vars(type(task)) and task.max_retries is not None


def test_every_command_ends_while_its_answer_may_still_be_asked_for(tasks):
    commands = {command.task for domain in DOMAINS for command in domain.commands}
    assert commands
    endless = {
        name
        for name in commands
        if not 0 < (tasks[name].soft_time_limit or 0) < (tasks[name].time_limit or 0)
        or tasks[name].time_limit >= LONGEST_RUN.total_seconds()
    }
    assert not endless, f"give {endless} **COMMAND of core.answering: who asked thinks it is lost"
    assert LONGEST_RUN < KEEP


def test_every_task_says_what_it_does(tasks):
    silent = {name for name, task in tasks.items() if not (task.run.__doc__ or "").strip()}
    assert not silent, f"write a docstring for {silent}: Flower and people show it"


def test_a_domain_has_a_queue_one_for_bulk_work_and_one_for_what_is_awaited_and_no_other():
    queues = {queue.name for queue in celeryconfig.task_queues}
    awaited = {domain.commands_queue for domain in DOMAINS if domain.awaited_tasks}
    usual = {name for domain in DOMAINS for name in (domain.queue, domain.bulk_queue)}
    assert queues == usual | awaited
    assert not celeryconfig.task_create_missing_queues


def test_every_schedule_is_in_beats_table():
    entries = {f"{domain.name}.{one.name}" for domain in DOMAINS for one in domain.schedules}
    canaries = {f"{worker.name}.canary" for worker in all_workers(DOMAINS)}
    assert set(celeryconfig.beat_schedule) == entries | canaries, (
        "two schedules of a domain share a name: give each its own"
    )


@pytest.mark.parametrize(
    ("domain", "spec"),
    [(domain, spec) for domain in DOMAINS for spec in domain.settings],
    ids=lambda part: getattr(part, "key", None) or part.name,
)
def test_the_default_of_every_setting_fits_its_own_declaration(domain, spec):
    if spec.default is not None:
        problem = _problem(spec, spec.default)
        assert not problem, f"tasks/{domain.name}/domain.toml: {spec.key} must be {problem}"


def test_the_time_limits_stand_in_the_only_order_that_is_safe():
    limits = [
        celeryconfig.task_soft_time_limit,
        celeryconfig.task_time_limit,
        celeryconfig.LEASE_SECONDS,
        celeryconfig.broker_transport_options["visibility_timeout"],
    ]
    assert limits == sorted(set(limits)), (
        "a task must end before it is killed, be killed before its claim is given away, and be "
        "given away before Redis delivers it a second time"
    )
