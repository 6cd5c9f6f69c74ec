"""The store of the stand-ins."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.common.documents import Documents


@pytest.fixture(params=["memory", "file"])
def documents(request, tmp_path):
    documents = Documents(tmp_path / "new" / "store.sqlite3" if request.param == "file" else None)
    yield documents
    documents.close()


def test_what_was_put_is_loaded_in_the_order_of_first_writing(documents):
    documents.put("task", "9", {"title": "Ноутбук"})
    documents.put("task", "10", {"title": "Chair"})
    documents.put("task", "9", {"title": "Laptop"})
    documents.put("other", "9", {})

    assert list(documents.load("task").items()) == [
        ("9", {"title": "Laptop"}),
        ("10", {"title": "Chair"}),
    ]


def test_deleting_takes_one_key_of_one_kind(documents):
    documents.put("task", "1", {"a": 1})
    documents.put("person", "1", {"b": 2})

    documents.delete("task", "1")
    documents.delete("task", "never there")

    assert documents.load("task") == {}
    assert documents.load("person") == {"1": {"b": 2}}


def test_clear_empties_every_kind(documents):
    documents.put("task", "1", {})
    documents.put("person", "1", {})

    documents.clear()

    assert documents.load("task") == documents.load("person") == {}


def test_many_threads_may_write_at_once(documents):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: documents.put("task", str(n), {"n": n}), range(200)))

    assert {value["n"] for value in documents.load("task").values()} == set(range(200))


WRITER = """
import sys
from pathlib import Path
from sandbox.common.documents import Documents
documents = Documents(Path(sys.argv[1]))
documents.put("task", "1", {"title": "kept"})
print("written", flush=True)
sys.stdin.read()
"""


def test_a_killed_process_loses_nothing_that_was_put(tmp_path):
    path = tmp_path / "store.sqlite3"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        os.kill(process.pid, signal.SIGKILL)

    documents = Documents(path)
    assert documents.load("task") == {"1": {"title": "kept"}}
    documents.close()
