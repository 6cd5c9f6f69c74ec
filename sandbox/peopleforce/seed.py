"""Make the first day of the sandbox: the same tasks every time, dated back from the moment."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.common.company import PEOPLE
from sandbox.peopleforce import seed_texts
from sandbox.peopleforce.directory import Directory
from sandbox.peopleforce.seed_texts import Template
from sandbox.peopleforce.tasks import Task, instant

_FIRST_ID = 7_240_433
_DAYS_BACK = 42
_JOINERS = ("hired", "probation")
_HR_PEOPLE = (1131, 1134, 1143)


@dataclass(frozen=True)
class _Idea:
    """A template and whom it is about, before it has a date and an owner."""

    template: Template
    about: dict[str, Any] | None
    name: str = ""
    type: str = "Tasks::General"


def seed_tasks(directory: Directory, now: datetime, opened: int, completed: int) -> list[Task]:
    """Return `opened` open and `completed` completed tasks, ordered by id.

    The order of creation is the order of the ids, as in any real history, and it is spread over
    the last six weeks. A fixed random seed makes two sandboxes alike, so that tests may count.
    """
    chance = random.Random(20)
    ideas = list(_ideas(directory, opened + completed, chance))
    done = set(chance.sample(range(len(ideas)), completed))
    step = timedelta(days=_DAYS_BACK) / max(len(ideas), 1)
    tasks = []
    task_id = _FIRST_ID
    for number, idea in enumerate(ideas):
        task_id += chance.randint(3, 900)
        age = timedelta(days=_DAYS_BACK) - step * number
        created = now - age + step * chance.random() * 0.9
        finished = created + (now - created) * chance.uniform(0.1, 0.95)
        moment = finished if number in done else None
        tasks.append(
            _task(
                task_id,
                idea,
                directory=directory,
                created=created,
                finished=moment,
                chance=chance,
            )
        )
    return tasks


def _task(
    task_id: int,
    idea: _Idea,
    *,
    directory: Directory,
    created: datetime,
    finished: datetime | None,
    chance: random.Random,
) -> Task:
    template = idea.template
    # Recruiting follow-ups lie in a common tray; of the other tasks a few have lost their owner.
    unassigned = 0.4 if idea.type == "Tasks::Applicant" else 0.06
    # Nobody orders a chair from themselves, unless nobody else could.
    others = [owner for owner in template.owners if owner != (idea.about or {}).get("id")]
    owner = None if chance.random() < unassigned else chance.choice(others or template.owners)
    ends_on = None
    if chance.random() < 0.75:  # noqa: PLR2004 - the rest has no due date, as people leave it out.
        ends_on = (created + timedelta(days=template.days)).date().isoformat()
    by_a_person = chance.random() < 0.9  # noqa: PLR2004 - the rest was made by an automation.
    return Task(
        id=task_id,
        type=idea.type,
        title=template.title.format(name=idea.name),
        starts_on=created.date().isoformat(),
        ends_on=ends_on,
        completed_at=instant(finished) if finished else None,
        description=template.description,
        assigned_to=directory.contact(owner) if owner else None,
        associated_to=idea.about,
        created_by=directory.contact(chance.choice(_HR_PEOPLE)) if by_a_person else None,
        created_at=instant(created),
        updated_at=instant(finished or created),
    )


def _ideas(directory: Directory, count: int, chance: random.Random) -> Iterator[_Idea]:
    """Yield `count` ideas in the mix of a real company; past all combinations, they repeat."""
    joiners = [person.id for person in PEOPLE if person.status in _JOINERS]
    leavers = [person.id for person in PEOPLE if person.status == "terminated"]
    settled = [person.id for person in PEOPLE if person.status == "employed"]
    pool = [
        *_about_people(directory, seed_texts.ONBOARDING, joiners),
        *_about_people(directory, seed_texts.OFFBOARDING, leavers),
        *_about_people(directory, seed_texts.EQUIPMENT, chance.sample(settled, 7)),
        *_about_people(directory, seed_texts.DOCUMENTS, chance.sample(settled, 8)),
        *(_Idea(template, None) for template in seed_texts.FACILITIES),
        *_about_candidates(),
    ]
    chance.shuffle(pool)
    for number in range(count):
        yield pool[number % len(pool)]


def _about_people(
    directory: Directory, templates: tuple[Template, ...], people: list[int]
) -> Iterator[_Idea]:
    for employee_id in people:
        contact = directory.contact(employee_id)
        if contact is None:
            continue
        about = {"id": employee_id, "type": "Employee"} | contact
        for template in templates:
            yield _Idea(template, about, contact["full_name"])


def _about_candidates() -> Iterator[_Idea]:
    for number, name in enumerate(seed_texts.CANDIDATES):
        # Candidates have ids of their own, which may equal an employee's.
        about = {
            "id": 90112 + 13 * number,
            "type": "Candidate",
            "full_name": name,
            "email": f"{name.lower().replace(' ', '.')}@mail.example",
        }
        for template in seed_texts.RECRUITING[number % 2 :: 2]:
            yield _Idea(template, about, name, "Tasks::Applicant")
