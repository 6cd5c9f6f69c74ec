import threading
import time

import pytest

from core.errors import VendorNotFoundError, VendorUnavailableError
from core.shared_cache import SharedCache


@pytest.fixture
def cache(redis_client):
    return make(redis_client)


def make(client, **options) -> SharedCache[dict]:
    return SharedCache(client, "test", dump=lambda value: value, load=dict, **options)


class Source:
    """Something that is fetched, and counts how often."""

    def __init__(self, value=None, error=None, seconds=0.0) -> None:
        self.value, self.error, self.seconds, self.calls = value, error, seconds, 0

    def __call__(self):
        self.calls += 1
        time.sleep(self.seconds)
        if self.error:
            raise self.error
        return self.value


def test_a_value_is_fetched_once_for_all_processes(redis_client):
    source = Source({"a": 1})
    one, other = make(redis_client), make(redis_client)

    assert one.get("key", source) == other.get("key", source) == one.get("key", source) == {"a": 1}
    assert source.calls == 1


def test_a_hundred_who_ask_at_once_cause_one_fetch(redis_client):
    source = Source({"a": 1}, seconds=0.3)
    caches = [make(redis_client) for _ in range(100)]
    answers = []
    threads = [
        threading.Thread(target=lambda c=c: answers.append(c.get("key", source))) for c in caches
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert answers == [{"a": 1}] * 100
    assert source.calls == 1


def test_a_purge_takes_exactly_one_key_from_every_process(redis_client):
    one, other = make(redis_client), make(redis_client)
    old, kept = Source({"version": 1}), Source({"kept": True})
    for cache in (one, other):
        cache.get("key", old)
        cache.get("other", kept)

    one.purge("key")

    new = Source({"version": 2})
    assert other.get("key", new) == {"version": 2}
    assert one.get("key", new) == {"version": 2}
    other.get("other", kept)
    assert (new.calls, kept.calls) == (1, 1)


def test_an_answer_that_was_under_way_during_a_purge_is_not_kept(cache):
    def fetch():
        cache.purge("key")
        return {"version": "old"}

    assert cache.get("key", fetch) == {"version": "old"}
    assert cache.get("key", Source({"version": "new"})) == {"version": "new"}


def test_a_refusal_is_remembered_briefly(redis_client):
    cache = make(redis_client, negative_seconds=0.3)
    source = Source(error=VendorNotFoundError("jira", "get_create_fields", 404, "No project"))

    for _ in range(3):
        with pytest.raises(VendorNotFoundError, match="No project"):
            cache.get("key", source)
    assert source.calls == 1

    time.sleep(0.4)
    with pytest.raises(VendorNotFoundError):
        cache.get("key", source)
    assert source.calls == 2


def test_an_outage_is_not_remembered(cache):
    source = Source(error=VendorUnavailableError("jira", "get_create_fields", 503))

    for _ in range(2):
        with pytest.raises(VendorUnavailableError):
            cache.get("key", source)

    assert source.calls == 2


def test_a_value_knows_its_age_and_runs_out(redis_client):
    cache = make(redis_client, seconds=0.4)
    cache.get("key", Source({"a": 1}))
    time.sleep(0.1)

    found = cache.peek("key")
    assert found is not None
    assert 0.05 < found.age < 0.4
    time.sleep(0.4)
    assert cache.peek("key") is None
