import threading
import time

import pytest

from facsight.analysis.ahead import ahead, in_batches


def test_items_come_in_order():
    assert list(ahead(range(100), 3)) == list(range(100))
    assert list(ahead([], 3)) == []


def test_what_goes_wrong_comes_after_the_items_before_it():
    def broken():
        yield 1
        yield 2
        raise ValueError("third")

    found = ahead(broken(), 5)
    assert [next(found), next(found)] == [1, 2]
    with pytest.raises(ValueError, match="third"):
        next(found)


def test_an_interruption_in_the_thread_is_one_here():
    def stopped():
        yield 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(ahead(stopped(), 5))


def test_it_is_never_further_ahead_than_asked():
    made = []

    def counting():
        for number in range(50):
            made.append(number)
            yield number

    for item in ahead(counting(), 4):
        time.sleep(0.002)
        # one more is in the thread's hands, and one in ours
        assert len(made) <= item + 1 + 4 + 2


def test_a_listener_that_stops_ends_the_thread_and_closes_the_source():
    closed = threading.Event()

    def endless():
        try:
            while True:
                yield 0
        finally:
            closed.set()

    before = threading.active_count()
    listening = ahead(endless(), 2)
    assert next(listening) == 0
    listening.close()
    assert closed.is_set()
    assert threading.active_count() == before


def test_batches():
    assert list(in_batches(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(in_batches([], 2)) == []
