"""The company that both stand-ins share."""

from __future__ import annotations

from sandbox.common.company import PEOPLE


def test_ids_and_addresses_are_unique_and_plain():
    assert len({person.id for person in PEOPLE}) == len(PEOPLE) >= 40
    assert len({person.email for person in PEOPLE}) == len(PEOPLE)
    assert all(person.email.isascii() and " " not in person.email for person in PEOPLE)


def test_everybody_reports_up_to_one_head():
    managers = {person.id: person.manager_id for person in PEOPLE}

    def chain(employee_id):
        seen = []
        while employee_id is not None and employee_id not in seen:
            seen.append(employee_id)
            employee_id = managers[employee_id]
        return seen

    assert {chain(person.id)[-1] for person in PEOPLE} == {1101}
