"""Charts with a mark a person as SVG: what ways of adapting gave each, and each before and after."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from facsight.metrics.personal_gain import PersonalGain
from facsight.report.dots import BOTTOM, TOP, Axis, axis_of

WIDTH, LEFT, RIGHT = 760, 214, 66
#: Height of a row of dots, and of one person.
STRIP, LINE = 46, 20
#: Within a strip, below its top: the dots' middle and how far they may lie from it, and the interval.
DOTS, REACH, MEAN = 16, 14, 37
#: Dots of people, nearer than this to one another, are set above one another; so far apart.
NEAR, APART = 7.0, 7.0

#: Where a person stands beside themselves unadapted.
Change: TypeAlias = Literal["gained", "lost", "same"]


@dataclass(frozen=True)
class Dot:
    """A person's mark, and what it says when pointed at."""

    x: float
    y: float
    change: Change
    told: str


@dataclass(frozen=True)
class Strip:
    """A way of adapting: its people, the mean `x` with its interval, and `kind`: method, baseline, bound."""

    name: str
    kind: str
    y: float
    dots: tuple[Dot, ...]
    x: float
    low: float
    high: float
    text: str


@dataclass(frozen=True)
class Strips:
    """Rows of dots around no change, which lies at `zero`."""

    title: str
    rows: tuple[Strip, ...]
    ticks: tuple[tuple[float, str], ...]
    zero: float
    height: int
    width: int = WIDTH
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = BOTTOM


@dataclass(frozen=True)
class Line:
    """A person: the score unadapted at `before` and adapted at `after`, and the change in words."""

    name: str
    y: float
    before: float
    after: float
    change: Change
    text: str


@dataclass(frozen=True)
class Lines:
    """People from who gained most to who lost most."""

    title: str
    rows: tuple[Line, ...]
    ticks: tuple[tuple[float, str], ...]
    height: int
    width: int = WIDTH
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = BOTTOM


def gain_strips(
    title: str,
    gains: Mapping[str, PersonalGain],
    people: Mapping[str, Mapping[str, float]],
    before: Mapping[str, float],
    kinds: Mapping[str, str],
    *,
    tolerance: float = 0.0,
) -> Strips:
    """A row a way of adapting in the order of `gains`; `people` has their scores, `before` those without."""
    changes = {name: _changes(people[name], before) for name in gains}
    ends = [end for gain in gains.values() for end in (gain.gain.low, gain.gain.high)]
    axis = axis_of(
        [*ends, *(v for own in changes.values() for v in own.values())], left=LEFT, right=WIDTH - RIGHT
    )
    rows = []
    for number, (name, gain) in enumerate(gains.items()):
        top = float(TOP + STRIP * number)
        x = axis.across(gain.gain.estimate)
        known = math.isfinite(gain.gain.low)
        rows.append(
            Strip(
                name=name.replace("_", " "),
                kind=kinds[name],
                y=top + MEAN,
                dots=_dots(changes[name], people[name], axis, top + DOTS, tolerance),
                x=x,
                low=axis.across(gain.gain.low) if known else x,
                high=axis.across(gain.gain.high) if known else x,
                text=f"{gain.gain.estimate:+.3f}",
            )
        )
    height = TOP + STRIP * len(rows) + BOTTOM
    return Strips(title, tuple(rows), axis.ticks(), axis.across(0.0), height)


def change_lines(
    title: str, people: Mapping[str, float], before: Mapping[str, float], *, tolerance: float = 0.0
) -> Lines:
    """A line a person from the score unadapted to that adapted, who gained most first."""
    changes = _changes(people, before)
    scores = [*people.values(), *before.values()]
    low, high = min(scores), max(scores)
    axis = Axis(low, high if high > low else low + 1, LEFT, WIDTH - RIGHT)
    order = sorted(changes, key=lambda name: -changes[name])
    rows = tuple(
        Line(
            name=shortened(name),
            y=TOP + LINE * (number + 0.5),
            before=axis.across(before[name]),
            after=axis.across(people[name]),
            change=change_of(changes[name], tolerance),
            text=f"{changes[name]:+.3f}",
        )
        for number, name in enumerate(order)
    )
    return Lines(title, rows, axis.ticks(), TOP + LINE * len(rows) + BOTTOM)


def change_of(change: float, tolerance: float) -> Change:
    """Whether a change is a gain, a loss, or within the tolerance neither.

    >>> change_of(0.2, 0.0), change_of(-0.2, 0.0), change_of(-0.2, 0.3)
    ('gained', 'lost', 'same')
    """
    return "gained" if change > tolerance else "lost" if change < -tolerance else "same"


def shortened(name: str, most: int = 30) -> str:
    """A name that fits beside a chart.

    >>> shortened("anna"), shortened("a" * 40, most=5)
    ('anna', 'aaaa…')
    """
    return name if len(name) <= most else name[: most - 1] + "…"


def _changes(people: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    return {name: score - before[name] for name, score in people.items()}


def _dots(
    changes: Mapping[str, float], scores: Mapping[str, float], axis: Axis, y: float, tolerance: float
) -> tuple[Dot, ...]:
    """People along the axis; those who would lie on one another stand apart, within the row."""
    order = sorted(changes, key=lambda name: changes[name])
    steps = _stacked([axis.across(changes[name]) for name in order])
    return tuple(
        Dot(
            x=axis.across(changes[name]),
            y=y + min(max(step * APART, -REACH), REACH),
            change=change_of(changes[name], tolerance),
            told=f"{name}: {scores[name] - changes[name]:.3f} to {scores[name]:.3f} ({changes[name]:+.3f})",
        )
        for name, step in zip(order, steps, strict=True)
    )


def _stacked(places: Sequence[float]) -> list[int]:
    """For places from left to right, steps 0, 1, -1, 2, ... so that near ones have steps of their own."""
    last: dict[int, float] = {}
    steps = []
    for place in places:
        step = 0
        while place - last.get(step, -math.inf) < NEAR:
            step = -step if step > 0 else 1 - step
        last[step] = place
        steps.append(step)
    return steps
