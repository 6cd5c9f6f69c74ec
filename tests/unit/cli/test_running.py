from __future__ import annotations

import pytest

from cli.running import _change
from core.supervisord import Info

RUNNING = Info("beat", "RUNNING", 10)


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (RUNNING, RUNNING, ""),
        (Info("beat", "STARTING", 10), RUNNING, ""),
        (RUNNING, Info("beat", "STARTING", 11), "ended and was started again (pid 11)"),
        (RUNNING, Info("beat", "RUNNING", 11), "ended and was started again (pid 11)"),
        (RUNNING, Info("beat", "BACKOFF", 0), "ended and does not start again"),
        (Info("beat", "BACKOFF", 0), Info("beat", "BACKOFF", 0), ""),
        (Info("beat", "BACKOFF", 0), Info("beat", "FATAL", 0), "supervisord has given up"),
        (RUNNING, Info("beat", "STOPPED", 0), "is stopped"),
    ],
)
def test_what_became_of_a_process_is_said_once_and_in_words(before, now, said):
    lines = _change(before, now)
    assert len(lines) == bool(said)
    assert all(said in line for line in lines)
