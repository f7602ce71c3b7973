"""`facsight watch`: a camera, a stream, or a file that stands in for one, read as it happens."""

from contextlib import ExitStack, closing, suppress
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facsight.cli.screen import console
from facsight.cli.videos import Precision
from facsight.core.errors import counted

if TYPE_CHECKING:
    from rich.console import Console

    from facsight.analysis.live import LiveResult


def watch(
    source: Annotated[
        str, typer.Argument(help="A camera's number, device or name, a network address, or a video file.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Write readings to this CSV file; else nothing is kept.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(help="Stop by itself after so many seconds.", min=0.1)
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Another reader (.safetensors).")] = None,
    finder: Annotated[
        str | None, typer.Option(help="Another face finder: see `facsight list finders`.")
    ] = None,
    precision: Annotated[
        Precision, typer.Option(help="Number format of the network; auto: the fastest here.")
    ] = "auto",
) -> None:
    """Read the faces before a camera, always in its newest frame; Ctrl-C ends it.

    Nothing is recorded unless --out is given, which writes numbers and no pictures. Frames never leave this
    machine. A terminal that nobody watches gets a line a second.

    Examples: `facsight watch 0`, `facsight watch rtsp://camera.local/stream --out live.csv`
    """
    from facsight.analysis import live
    from facsight.analysis.live_table import LiveTable
    from facsight.analysis.reader import Reader
    from facsight.analysis.wording import printable
    from facsight.cli.live import display
    from facsight.media.source import find_source
    from facsight.nn.precision import fastest_precision

    name = printable(find_source(source).name)
    chosen = fastest_precision() if precision == "auto" else precision
    reader = Reader(weights, finder=finder, precision=chosen)
    screen, tally = console(), _Tally()
    with ExitStack() as stack:
        stack.callback(tally.sum_up, screen, name, out)
        stack.enter_context(suppress(KeyboardInterrupt))
        tell = [tally.add, stack.enter_context(display(screen, name))]
        if out:
            table = LiveTable(out, name, reader.classes, reader.action_units)
            stack.callback(table.close)
            tell.insert(0, table.add)
        results = stack.enter_context(closing(live.watch(reader, source)))
        for result in takewhile(lambda result: seconds is None or result.time < seconds, results):
            for told in tell:
                told(result)


class _Tally:
    """What was seen in all."""

    def __init__(self):
        self._frames, self._with_face = 0, 0
        self._last: LiveResult | None = None

    def add(self, result: "LiveResult") -> None:
        self._frames += 1
        self._with_face += bool(result.readings)
        self._last = result

    def sum_up(self, screen: "Console", name: str, out: Path | None) -> None:
        """One line, and one more that says where the table is."""
        if self._last is None:
            screen.print(f"{name}: no frame was read", soft_wrap=True)
            return
        told = f"{counted(self._frames, 'frame')} in {self._last.time:.1f} s, {self._with_face} with a face"
        screen.print(f"{name}: {told}, {self._last.dropped} dropped", soft_wrap=True)
        if out:
            screen.print(f"table  {out}", soft_wrap=True)
