import threading

import pytest

from pipeline.contract.errors import HandOffBroken, MissingResource
from train.loop.loader import AHEAD, Loader

PATIENCE_S = 300.0


def test_batches_come_in_order_and_not_too_many_ahead():
    made = []

    def make(item):
        made.append(item)
        return item * 10

    with Loader(make, range(100), timeout_s=PATIENCE_S) as loader:
        assert [loader.next() for _ in range(10)] == [item * 10 for item in range(10)]
        assert len(made) <= 10 + AHEAD + 1
    assert not [thread for thread in threading.enumerate() if thread.name == "loader"]


def test_what_goes_wrong_is_raised_where_the_batch_is_asked_for():
    def make(item):
        if item == 2:
            raise HandOffBroken("shard x")
        return item

    with Loader(make, range(5), timeout_s=PATIENCE_S) as loader:
        assert [loader.next(), loader.next()] == [0, 1]
        with pytest.raises(HandOffBroken, match="shard x"):
            loader.next()


def test_a_dead_thread_is_named_at_once():
    def die(item):
        raise SystemExit

    with Loader(die, range(5), timeout_s=PATIENCE_S) as loader, pytest.raises(RuntimeError, match="died"):
        loader.next()  # a MissingResource is what waiting in vain for that long would raise


def test_a_thread_that_hangs_is_not_waited_for():
    hang = threading.Event()
    with Loader(lambda _: hang.wait(PATIENCE_S), range(5), timeout_s=0.1) as loader:
        with pytest.raises(MissingResource, match=r"no batch came within 0\.1 s"):
            loader.next()
        hang.set()
