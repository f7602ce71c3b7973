"""Progress bars for long work; silent where the output is not a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=Console(stderr=True),
    )


@contextmanager
def counter(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar that appears with the first count; call it with (done, total)."""
    with _bar() as bar:
        task = None

        def count(done: int, total: int) -> None:
            nonlocal task
            if task is None:
                task = bar.add_task(what, total=total, note="")
            bar.update(task, completed=done, total=total)

        yield count


@contextmanager
def step_counter() -> Iterator[Callable]:
    """A bar over training steps that shows the terms; call it with (step, total, terms)."""
    with _bar() as bar:
        task = None

        def count(step: int, total: int, terms) -> None:
            nonlocal task
            if task is None:
                task = bar.add_task("training", total=total, completed=step, note="")
            note = "  ".join(f"{name} {term.item():.3f}" for name, term in terms.items())
            bar.update(task, completed=step, total=total, note=note)  # stages and folds have their own

        yield count
