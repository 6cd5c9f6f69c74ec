"""A connection that never blocks loses nothing, and waits for the other side only so long."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import deadline_worker
from gateway.deadline_worker import DeadlineSocket

MORE_THAN_THE_KERNEL_KEEPS = 8_000_000


@pytest.fixture
def ends() -> Iterator[tuple[DeadlineSocket, socket.socket]]:
    """Our end of a connection and the other side's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield DeadlineSocket(ours), theirs


def read_all(theirs: socket.socket, into: bytearray) -> None:
    while part := theirs.recv(65536):
        into += part


def read_slowly(ours: DeadlineSocket) -> None:
    while ours.recv(1):
        time.sleep(0.05)


def send(ours: DeadlineSocket, answer: bytes, _folder: Path) -> None:
    ours.sendall(answer)


def send_file(ours: DeadlineSocket, answer: bytes, folder: Path) -> None:
    (folder / "answer").write_bytes(answer)
    with (folder / "answer").open("rb") as file:
        ours.sendfile(file)


WAYS = {"from memory": send, "from a file": send_file}


@pytest.mark.parametrize("way", WAYS)
def test_a_long_answer_arrives_whole_at_a_receiver_who_comes_late(ends, way, tmp_path):
    ours, theirs = ends
    answer = bytes(range(256)) * (MORE_THAN_THE_KERNEL_KEEPS // 256)
    came = bytearray()
    reader = threading.Timer(0.2, read_all, (theirs, came))
    reader.start()

    WAYS[way](ours, answer, tmp_path)
    ours.shutdown(socket.SHUT_WR)
    reader.join()

    assert came == answer


@pytest.mark.parametrize("way", WAYS)
def test_a_receiver_who_reads_nothing_is_hung_up_on(ends, way, monkeypatch, tmp_path):
    monkeypatch.setattr(deadline_worker, "ANSWER_SECONDS", 0.1)
    ours, _ = ends
    answer = bytes(MORE_THAN_THE_KERNEL_KEEPS)

    with pytest.raises(ConnectionResetError):
        WAYS[way](ours, answer, tmp_path)


def test_what_comes_late_is_received(ends):
    ours, theirs = ends
    threading.Timer(0.1, theirs.sendall, (b"late",)).start()

    assert ours.recv(100) == b"late"


def test_a_sender_who_says_nothing_is_hung_up_on(ends, monkeypatch):
    monkeypatch.setattr(deadline_worker, "SILENCE_SECONDS", 0.1)
    ours, _ = ends

    with pytest.raises(ConnectionResetError):
        ours.recv(100)


def test_a_sender_who_says_a_little_again_and_again_has_the_time_of_one_request(ends, monkeypatch):
    monkeypatch.setattr(deadline_worker, "REQUEST_SECONDS", 0.3)
    ours, theirs = ends
    ours.begin()
    theirs.sendall(b"." * 100)

    with pytest.raises(ConnectionResetError):
        read_slowly(ours)


def test_gunicorn_that_wants_no_waiting_gets_none(ends):
    ours, _ = ends
    ours.setblocking(False)

    with pytest.raises(BlockingIOError):
        ours.recv(100)
    assert ours.gettimeout() == 0


def test_gunicorn_that_waits_for_less_waits_for_less(ends):
    ours, _ = ends
    ours.settimeout(0.05)

    with pytest.raises(ConnectionResetError):
        ours.recv(100)
