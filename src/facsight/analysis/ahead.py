"""Work that runs ahead in a thread of its own, so that the next step never waits for more than one item."""

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from queue import Full, Queue
from threading import Event
from typing import TypeVar

Item = TypeVar("Item")

#: Seconds between looks at whether anyone still listens.
PATIENCE = 0.2


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
            close = getattr(upcoming, "close", None)
            if close:
                close()

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


def in_batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of `size` items, the last perhaps shorter.

    >>> list(in_batches("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    upcoming = iter(items)
    while some := list(islice(upcoming, size)):
        yield some
