"""Work in a thread of its own: so many items ahead of who asks for them, or always at the newest."""

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from queue import Full, Queue
from threading import Condition, Event, Thread
from typing import Generic, TypeVar

Item = TypeVar("Item")

#: Seconds between looks at whether anyone still listens.
PATIENCE = 0.2
#: Seconds in which a thread that nobody listens to is waited for: it may hang in a device.
FAREWELL = 1.0


def ahead(items: Iterable[Item], room: int) -> Generator[Item, None, None]:
    """The items in their order, made by a thread that is at most `room` of them ahead.

    What goes wrong in the thread is raised here, after the items before it. A listener that stops early ends
    the thread, and closes the generator that makes the items.
    """
    waiting: Queue[tuple[str, object]] = Queue(room)
    enough = Event()

    def offer(kind: str, item: object) -> None:
        while not enough.is_set():
            try:
                waiting.put((kind, item), timeout=PATIENCE)
                return
            except Full:
                continue

    def work() -> None:
        upcoming = iter(items)
        try:
            for item in upcoming:
                offer("item", item)
                if enough.is_set():
                    break
            offer("end", None)
        except BaseException as error:
            offer("error", error)
        finally:
            _close(upcoming)

    with ThreadPoolExecutor(1, thread_name_prefix="facsight-ahead") as pool:
        pool.submit(work)
        try:
            while True:
                kind, item = waiting.get()
                if kind == "error":
                    assert isinstance(item, BaseException)
                    raise item
                if kind == "end":
                    return
                yield item  # pyright: ignore[reportReturnType]
        finally:
            enough.set()


def newest(items: Iterable[Item], patience: float | None = None) -> Generator[tuple[Item, int], None, None]:
    """The newest item whenever one is asked for, with how many have been passed over so far.

    A thread takes items as they come and never waits for us; the last one is always given. What goes wrong in
    the thread is raised here, after the item before it; `TimeoutError` if none comes for `patience` seconds.
    A listener that stops early ends the thread at its next item, and closes the generator that makes them.
    """
    place: _Newest[Item] = _Newest()
    thread = Thread(target=_carry, args=(items, place), name="facsight-newest", daemon=True)
    thread.start()
    try:
        while (found := place.take(patience)) is not None:
            yield found
    finally:
        place.end(None)
        thread.join(FAREWELL)


class _Newest(Generic[Item]):
    """A place for one item: another that is put there takes its place."""

    def __init__(self):
        self._changed = Condition()
        self._items: list[Item] = []
        self._passed = 0
        self._ended = False
        self._error: BaseException | None = None

    def put(self, item: Item) -> bool:
        """Whether anyone still listens."""
        with self._changed:
            self._passed += len(self._items)
            self._items = [item]
            self._changed.notify()
            return not self._ended

    def end(self, error: BaseException | None) -> None:
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify()

    def take(self, patience: float | None) -> tuple[Item, int] | None:
        """The item, once there is one, and how many have been passed over; None at the end."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._items or self._ended, patience):
                raise TimeoutError(f"nothing came for {patience} s")
            if self._items:
                return self._items.pop(), self._passed
            if self._error is not None:
                raise self._error
            return None


def _carry(items: Iterable[Item], place: _Newest[Item]) -> None:
    upcoming = iter(items)
    try:
        for item in upcoming:
            if not place.put(item):
                break
        _close(upcoming)
        place.end(None)
    except BaseException as error:
        place.end(error)


def _close(items: object) -> None:
    close = getattr(items, "close", None)
    if close:
        close()


def in_batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of `size` items, the last perhaps shorter.

    >>> list(in_batches("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    upcoming = iter(items)
    while some := list(islice(upcoming, size)):
        yield some
