"""Videos for `facsight analyze`: a progress line with frames a second, and a line per video."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.text import Text

from facsight.cli.screen import console, counted, shortened

if TYPE_CHECKING:
    from rich.console import Console

    from facsight.analysis.study import StudyOutcome, VideoOutcome


def analyze_videos(
    videos: list[Path],
    out: Path,
    *,
    weights: Path | None,
    finder: str | None,
    page: dict[str, Any],
    **options: Any,
) -> None:
    """Read videos into `out`, say what came of each, and where everything is; `page` goes to the report."""
    from facsight.analysis.reader import Reader
    from facsight.analysis.study import analyse_videos
    from facsight.report.study import write_study_report

    screen = console()
    reader = Reader(weights, finder=finder)
    with _progress(screen, len(videos)) as (on_video, on_frames):
        try:
            outcome = analyse_videos(videos, out, reader, on_video=on_video, on_frames=on_frames, **options)
        except KeyboardInterrupt:
            screen.print(f"\nStopped. What was read is kept in {out}; the same command goes on from there.")
            raise typer.Exit(130) from None
    written = write_study_report(out, **page)
    place = min(max(len(video.file) for video in outcome.videos), screen.width // 2)
    for video in outcome.videos:
        screen.print(_line(video, place))
        for damage in video.damage:
            screen.print(f"{'':{place}}  damaged {damage}", style="yellow", soft_wrap=True)
    _sum_up(screen, outcome, written)
    raise typer.Exit(1 if outcome.failed else 0)


def _line(video: "VideoOutcome", place: int) -> Text:
    name = f"{shortened(video.file, place):{place}}  "
    told = f"{counted(video.frames, 'frame')}, {video.with_face} with a face"
    if video.error is None:
        return Text.assemble(name, told)
    read = f"{told}, then: " if video.frames else ""
    return Text.assemble(
        name, ("not read  " if not video.frames else "cut short  ", "bold red"), read, video.error
    )


@contextmanager
def _progress(screen: "Console", videos: int) -> Iterator[tuple[Callable, Callable]]:
    """A line with frames done, frames a second and the time left, where a person is watching."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from facsight.analysis.wording import printable

    note = TextColumn("{task.fields[note]}")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        note,
        TimeRemainingColumn(),
    )
    begun = 0
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        task = progress.add_task("", total=None, note="")

        def on_video(video: Path, resumed: int) -> None:
            nonlocal begun
            begun += 1
            name = shortened(printable(video), 40)
            progress.reset(task, total=None, completed=resumed, description=f"{begun}/{videos} {name}")
            if resumed:
                screen.print(f"{name}: {counted(resumed, 'frame')} were read before; going on from there.")

        def on_frames(results: Sequence[Any], announced: int | None) -> None:
            progress.update(task, advance=len(results), total=announced)
            speed = progress.tasks[0].speed
            progress.update(task, note=f"{speed:.0f} frames/s" if speed else "")

        yield on_video, on_frames


def _sum_up(screen: "Console", outcome: "StudyOutcome", page: Path) -> None:
    frames = sum(video.frames for video in outcome.videos)
    told = f"{counted(frames, 'frame')} of {counted(len(outcome.videos), 'video')}"
    screen.print(Text(f"\n{told}", "bold"))
    if outcome.failed:
        screen.print(Text(f"{counted(len(outcome.failed), 'video')} not read to the end:", "bold red"))
        for video in outcome.failed:
            screen.print(f"  {video.file}: {video.error}", soft_wrap=True)
    folder = outcome.folder
    screen.print(f"table  {folder / 'readings.parquet'}, readings.csv and summary.csv", soft_wrap=True)
    screen.print(f"page   {page}", soft_wrap=True)
