"""What the terminal shows of a camera: a row a person with bars, and how well the reader keeps up."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import monotonic

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from facsight.analysis.live import LiveResult
from facsight.analysis.reading import Reading
from facsight.analysis.wording import percent, unit_name
from facsight.cli.screen import bar, shortened

HONEST = "Expressions are not feelings: labels say what a face looks like."
#: Seconds over which speed and latency are told, between two pictures on the terminal, and between two lines.
SPAN, REDRAW_EVERY, LINE_EVERY = 3.0, 0.1, 1.0
#: Action units that are shown of a person, those with the largest shares.
UNITS = 4


class Pace:
    """How well the reader keeps up: frames a second and the median latency of the last `SPAN` seconds."""

    def __init__(self):
        self._read: deque[tuple[float, float]] = deque()

    def add(self, moment: float, latency: float) -> None:
        """A frame that was read at this moment (s)."""
        self._read.append((moment, latency))
        while moment - self._read[0][0] > SPAN:
            self._read.popleft()

    @property
    def rate(self) -> float:
        """Frames a second; 0 before there are two."""
        passed = self._read[-1][0] - self._read[0][0]
        return (len(self._read) - 1) / passed if passed > 0 else 0.0

    @property
    def latency(self) -> float:
        """In seconds."""
        return median(latency for _, latency in self._read)

    def told(self, dropped: int) -> str:
        """In one line, with how many frames were dropped."""
        return f"{self.rate:.1f} frames/s   latency {self.latency * 1000:.0f} ms   {dropped} dropped"


@contextmanager
def display(screen: Console, name: str) -> Iterator[Callable[[LiveResult], None]]:
    """What to call with each result: a picture that changes, or a line a second where nobody watches."""
    pace = Pace()
    if not screen.is_terminal:
        yield _lines(screen, pace)
        return
    with Live(console=screen, auto_refresh=False) as live:
        drawn = -REDRAW_EVERY

        def show(result: LiveResult) -> None:
            nonlocal drawn
            now = monotonic()
            pace.add(now, result.latency)
            if now - drawn >= REDRAW_EVERY:
                drawn = now
                live.update(board(result, pace, name), refresh=True)

        yield show


def _lines(screen: Console, pace: Pace) -> Callable[[LiveResult], None]:
    following = 0.0

    def show(result: LiveResult) -> None:
        nonlocal following
        pace.add(monotonic(), result.latency)
        if result.time >= following:
            following = result.time // LINE_EVERY * LINE_EVERY + LINE_EVERY
            screen.print(line(result, pace), soft_wrap=True)

    return show


def line(result: LiveResult, pace: Pace) -> str:
    """A result on one plain line."""
    told = [_brief(track, reading) for track, reading in _persons(result)] or ["no face"]
    return f"{result.time:8.1f} s   {';  '.join(told)}   ({pace.told(result.dropped)})"


def board(result: LiveResult, pace: Pace, name: str) -> Group:
    """A result as a picture of the terminal: how well the reader keeps up, then a row a person."""
    place = Text(f"{shortened(name, 40)}   {result.time:.1f} s", "bold")
    status = Text(f"{pace.told(result.dropped)}\n{HONEST}\n", "dim")
    rows = Table(box=None, show_header=False, padding=(0, 2, 1, 0))
    for whole in (True, True, False):  # a narrow terminal cuts the last
        rows.add_column(no_wrap=whole)
    for track, reading in _persons(result):
        rows.add_row(_person(track, reading), _bars(reading), _grounds(reading))
    return Group(place, status, rows if result.readings else Text("no face in sight", "dim"))


def _persons(result: LiveResult) -> list[tuple[int, Reading]]:
    """By track number, so that rows keep their places."""
    return sorted(zip(result.tracks, result.readings, strict=True), key=lambda person: person[0])


def _brief(track: int, reading: Reading) -> str:
    share = percent(reading.expression[reading.label])
    units = [
        f"AU{unit} {percent(part)}" for unit, part in list(reading.evidence.action_units.items())[:UNITS]
    ]
    cautions = [f"take care: {' '.join(reading.cautions)}"] if reading.cautions else []
    return ", ".join([f"{track} {reading.label} {share}", *units, *cautions])


def _person(track: int, reading: Reading) -> Text:
    text = Text.assemble(
        (f"{track} {reading.label}\n", "bold"),
        f"{percent(reading.expression[reading.label])}\n",
        ("detected" if reading.detected else "followed", "dim"),
    )
    if reading.cautions:
        text.append("\n".join(["\ntake care:", *reading.cautions]), "yellow")
    return text


def _bars(reading: Reading) -> Text:
    width = max(map(len, reading.expression))
    return Text("\n").join(
        Text.assemble(f"{name:{width}} ", (bar(share), "cyan"), f"{percent(share):>10}")
        for name, share in reading.expression.items()
    )


def _grounds(reading: Reading) -> Text:
    evidence = reading.evidence
    if not evidence.action_units:
        return Text("no action units to compare with", "dim")
    named = [(unit_name(unit), share) for unit, share in list(evidence.action_units.items())[:UNITS]]
    shares = [*named, ("elsewhere", evidence.elsewhere)]
    told = [f"{percent(share):>9}  {name}" for name, share in shares]
    return Text("\n".join(["attention lies where acts:", *told]), no_wrap=True, overflow="ellipsis")
