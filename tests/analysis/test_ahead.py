import threading
import time

import pytest

from facsight.analysis import ahead as ahead_module
from facsight.analysis.ahead import ahead, in_batches, newest


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


def test_the_newest_is_given_and_those_before_it_are_counted():
    busy, offered, free = threading.Event(), threading.Event(), threading.Event()

    def made():
        yield 0
        busy.wait()
        yield from (1, 2, 3)
        offered.set()
        free.wait()
        yield 4

    listening = newest(made())
    assert next(listening) == (0, 0)
    busy.set()
    offered.wait()
    assert next(listening) == (3, 2)
    free.set()
    assert list(listening) == [(4, 2)], "the last one is given, and what was passed over is not forgotten"
    assert list(newest([])) == []


def test_what_goes_wrong_comes_after_the_newest_item():
    def broken():
        yield 1
        yield 2
        raise ValueError("third")

    found = []

    def listen():
        for item, passed in newest(broken()):
            found.append((item, passed))

    with pytest.raises(ValueError, match="third"):
        listen()
    assert found in ([(1, 0), (2, 0)], [(2, 1)])


def test_a_listener_that_stops_ends_the_thread_of_the_newest():
    closed = threading.Event()

    def endless():
        try:
            while True:
                time.sleep(0.001)
                yield 0
        finally:
            closed.set()

    before = threading.active_count()
    listening = newest(endless())
    next(listening)
    listening.close()
    assert closed.wait(60)
    assert threading.active_count() == before


def test_a_source_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(ahead_module, "FAREWELL", 0.01)
    released, gone = threading.Event(), threading.Event()

    def hanging():
        yield 1
        released.wait()
        gone.set()

    listening = newest(hanging(), patience=0.05)
    assert next(listening) == (1, 0)
    with pytest.raises(TimeoutError, match=r"0\.05 s"):
        next(listening)
    released.set()
    assert gone.wait(60)


def test_batches():
    assert list(in_batches(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(in_batches([], 2)) == []
