"""Tasks as PeopleForce writes them, whole and with holes, and the hash of what matters."""

import unicodedata

import pytest

from connectors.peopleforce.models import (
    Associated,
    Person,
    Task,
    TaskPage,
    record_hash,
)
from connectors.peopleforce.payloads import read_list
from core.errors import PayloadError

WHOLE = {
    "id": 7300412,
    "type": "Tasks::General",
    "title": "Prepare laptop",
    "starts_on": "2026-10-05",
    "ends_on": "2026-10-09",
    "completed_at": None,
    "completed": False,
    "description": "Model <b>X1</b>",
    "description_plain": "Model X1",
    "assigned_to": {"id": 1201, "full_name": "Iryna Koval", "email": "iryna@acme.example"},
    "associated_to": {
        "id": 1377, "type": "Employee", "full_name": "Petro Hnat", "email": "petro@acme.example",
    },
    "created_by": {"id": 1105, "full_name": "Olha Rud", "email": "olha@acme.example"},
    "created_at": "2026-10-01T08:15:30.120Z",
    "updated_at": "2026-10-01T08:15:30.120Z",
}  # fmt: skip


def test_a_whole_task_is_read():
    assert Task.from_payload(WHOLE) == Task(
        id=7300412,
        type="Tasks::General",
        title="Prepare laptop",
        description_html="Model <b>X1</b>",
        starts_on="2026-10-05",
        ends_on="2026-10-09",
        completed=False,
        assigned_to=Person(1201, "Iryna Koval", "iryna@acme.example"),
        associated_to=Associated(1377, "Employee", "Petro Hnat", "petro@acme.example"),
        created_at="2026-10-01T08:15:30.120Z",
    )


@pytest.mark.parametrize("holes", [{}, {"assigned_to": None, "associated_to": {}, "type": None}])
def test_a_task_may_lack_everything_but_id_and_title(holes):
    task = Task.from_payload({"id": 1, "title": "Call back"} | holes)

    assert task == Task(1, "", "Call back", "", None, None, False, None, None, None)


@pytest.mark.parametrize(
    "payload",
    [None, [], {}, {"title": "x"}, {"id": 1}, {"id": True, "title": "x"}, {"id": 1, "title": None}],
)
def test_a_task_without_id_or_title_is_a_payload_error(payload):
    with pytest.raises(PayloadError):
        Task.from_payload(payload)


def test_a_record_keeps_the_vendors_names():
    record = Task.from_payload(WHOLE).to_record()

    ours = {"completed_at", "description_plain", "created_by", "updated_at"}
    assert record == {key: value for key, value in WHOLE.items() if key not in ours}


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Prepare a laptop"},
        {"type": "Tasks::Applicant"},
        {"description": "Model <b>X2</b>"},
        {"starts_on": "2026-10-06"},
        {"ends_on": None},
        {"completed": True},
        {"assigned_to": None},
        {"assigned_to": {"id": 1202, "full_name": "Iryna Koval", "email": "iryna@acme.example"}},
        {"associated_to": WHOLE["associated_to"] | {"full_name": "Petro H."}},
    ],
)
def test_an_edit_changes_the_hash(change):
    edited = Task.from_payload(WHOLE | change).to_record()

    assert record_hash(edited) != record_hash(Task.from_payload(WHOLE).to_record())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"updated_at": "2027-01-01T00:00:00Z", "created_at": None}),
        ({"description": "a\r\nb\rc"}, {"description": "a\nb\nc"}),
        (
            {"title": unicodedata.normalize("NFC", "Büro für Zoë")},
            {"title": unicodedata.normalize("NFD", "Büro für Zoë")},
        ),
        ({"description": None}, {"description": ""}),
        ({"assigned_to": None}, {"assigned_to": {}}),
    ],
)
def test_what_is_no_edit_keeps_the_hash(before, after):
    first, second = (Task.from_payload(WHOLE | change).to_record() for change in (before, after))

    assert record_hash(first) == record_hash(second)


def test_the_hash_does_not_depend_on_the_order_of_keys():
    record = Task.from_payload(WHOLE).to_record()

    assert record_hash(dict(reversed(record.items()))) == record_hash(record)


def test_half_a_character_pair_can_be_hashed():
    assert record_hash(Task.from_payload(WHOLE | {"title": "\ud83d"}).to_record())


PAGING = {"page": 3, "pages": 4, "count": 170, "items": 1}


@pytest.mark.parametrize("metadata", [{"pagination": PAGING}, PAGING])
def test_pagination_is_nested_or_flat(metadata):
    page = TaskPage.from_payload({"data": [WHOLE], "metadata": metadata}, 3)

    assert (len(page.tasks), page.pages, page.count, page.is_last) == (1, 4, 170, False)


@pytest.mark.parametrize(
    ("data", "metadata", "page", "last"),
    [
        ([WHOLE], PAGING, 4, True),
        ([], PAGING, 2, True),
        ([WHOLE], None, 1, False),
        (None, {"pagination": {"pages": 0}}, 1, True),
        ([], {"pagination": {"pages": 1}}, 1, True),
        (["no task"], None, 1, False),
    ],
)
def test_the_last_page_is_known_by_number_or_by_being_empty(data, metadata, page, last):
    assert TaskPage.from_payload({"data": data, "metadata": metadata}, page).is_last is last


def test_one_bad_record_does_not_hide_the_others():
    page = TaskPage.from_payload({"data": [{"id": 5}, WHOLE]}, 1)

    assert [task.id for task in page.tasks] == [7300412]
    assert page.unreadable == ["PeopleForce's task 5 has no title"]


@pytest.mark.parametrize("payload", [None, [], {}, {"success": False}, {"data": {}}, {"data": "x"}])
def test_an_answer_without_a_list_is_never_an_empty_list(payload):
    with pytest.raises(PayloadError):
        read_list(payload)
