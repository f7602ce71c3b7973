"""Videos for `facsight analyze`: a progress line with frames a second, and a line per video."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer
from rich.text import Text

from facsight.cli.compounds import AskedCompounds
from facsight.cli.screen import console, shortened
from facsight.core.errors import BadRecipe, counted

if TYPE_CHECKING:
    from rich.console import Console

    from facsight.analysis.engines import Engine
    from facsight.analysis.one_video import Progress, VideoOutcome
    from facsight.analysis.same_person import SamePerson
    from facsight.analysis.study import StudyOutcome

Precision = Literal["auto", "float32", "bfloat16"]


def analyze_videos(
    videos: list[Path],
    out: Path,
    *,
    reader: dict[str, Any],
    precision: Precision,
    workers: int,
    ray: bool,
    page: dict[str, Any],
    compounds: AskedCompounds,
    model: Path | None = None,
    **options: Any,
) -> None:
    """Read videos into `out`, say what came of each, and where everything is.

    `reader` are options of the reader, `page` goes to the report; `model` is the run folder of a network that
    is asked, too; `compounds` says how compound expressions are, if they are.
    """
    import torch

    from facsight.analysis.reader import Reader
    from facsight.analysis.study import analyse_videos
    from facsight.nn.precision import fastest_precision
    from facsight.report.study import write_study_report

    screen = console()
    # the finder works beside the network: with a thread for each core they would wait for each other
    torch.set_num_threads(max(1, torch.get_num_threads() - 1))
    chosen = fastest_precision() if precision == "auto" else precision
    chosen_reader = Reader(**reader, precision=chosen)
    compounds.check(chosen_reader.classes)
    engine = _engine(workers, ray)
    with _progress(screen, len(videos)) as (on_progress, on_people):
        try:
            outcome = analyse_videos(
                videos,
                out,
                chosen_reader,
                engine=engine,
                on_progress=on_progress,
                on_people=on_people,
                **options,
            )
        except KeyboardInterrupt:
            screen.print(f"\nStopped. What was read is kept in {out}; the same command goes on from there.")
            raise typer.Exit(130) from None
    if model is not None:
        _ask(model, videos, out, screen)
    compounds.read(out, screen, options["over_time"].segments)
    written = write_study_report(out, **page)
    place = min(max(len(video.file) for video in outcome.videos), screen.width // 2)
    for video in outcome.videos:
        screen.print(_line(video, place))
        for note in video.notes:
            screen.print(f"{'':{place}}  note: {note}", soft_wrap=True)
        for damage in video.damage:
            screen.print(f"{'':{place}}  damaged {damage}", style="yellow", soft_wrap=True)
    _sum_up(screen, outcome, written)
    raise typer.Exit(1 if outcome.failed else 0)


def _ask(model: Path, videos: list[Path], out: Path, screen: "Console") -> None:
    """Let a trained network of sequences say what it makes of the videos, too."""
    from facsight.analysis.wording import printable
    from facsight.sequence_reading import read_by_model

    with screen.status("") as status:
        told = read_by_model(
            videos, out, model, on_video=lambda video: status.update(f"{model.name}: {printable(video)}")
        )
    for file, notes in told.about["notes"].items():
        for note in notes:
            screen.print(f"{file}  {told.about['model']}: {note}", style="yellow", soft_wrap=True)
    screen.print(f"model  {out / 'by_model.csv'}: what {told.about['model']} says", soft_wrap=True)


def told_apart(embedder: str | None, across: bool) -> "SamePerson | None":
    """How people are told apart, if they are to be; errors of the embedder come before anything is read."""
    if embedder is None:
        if across:
            raise BadRecipe("--people-across says how people are numbered; --people says how they are told")
        return None
    from facsight.analysis.same_person import SamePerson
    from facsight.faces.identity import open_embedder

    return SamePerson(open_embedder(embedder), across=across)


def _engine(workers: int, ray: bool) -> "Engine":
    from facsight.analysis.engines import on_ray, one_after_the_other, processes

    if ray:
        return on_ray()
    return processes(workers) if workers > 1 else one_after_the_other


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
def _progress(
    screen: "Console", videos: int
) -> Iterator[tuple[Callable[["Progress"], None], Callable[[Path], None]]]:
    """A line with frames done, frames a second and the time left, of the videos begun, for who watches.

    What it says while videos are read, and while people are told apart in them.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Line

    from facsight.analysis.wording import printable

    note = TextColumn("{task.fields[note]}")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        note,
        TimeRemainingColumn(),
    )
    announced: dict[Path, int | None] = {}
    with Line(*columns, console=screen, transient=True, disable=not screen.is_terminal) as line:
        task = line.add_task("", total=None, note="")

        def on_progress(told: "Progress") -> None:
            name = shortened(printable(told.video), 40)
            if told.video not in announced:
                if told.before:
                    screen.print(
                        f"{name}: {counted(told.before, 'frame')} were read before; going on from there."
                    )
                announced[told.video] = told.announced
                known = [count for count in announced.values() if count is not None]
                total = sum(known) if len(known) == len(announced) else None
                place = f"{len(announced)}/{videos} {name}"
                line.update(task, description=place, total=total, advance=told.before)
            line.update(task, advance=told.new)
            speed = line.tasks[0].speed
            line.update(task, note=f"{speed:.0f} frames/s" if speed else "")

        def on_people(video: Path) -> None:
            line.update(task, description=f"telling people apart: {shortened(printable(video), 40)}", note="")

        yield on_progress, on_people


def _sum_up(screen: "Console", outcome: "StudyOutcome", page: Path) -> None:
    frames = sum(video.frames for video in outcome.videos)
    told = f"{counted(frames, 'frame')} of {counted(len(outcome.videos), 'video')}"
    screen.print(Text(f"\n{told}", "bold"))
    if outcome.failed:
        screen.print(Text(f"{counted(len(outcome.failed), 'video')} not read to the end:", "bold red"))
        for video in outcome.failed:
            screen.print(f"  {video.file}: {video.error}", soft_wrap=True)
    folder = outcome.folder
    screen.print(
        f"table  {folder / 'readings.csv'}, summary.csv, events.csv, and a Parquet file a video in readings/",
        soft_wrap=True,
    )
    if (folder / "people.csv").is_file():
        screen.print(
            f"people {folder / 'people.csv'}: which tracks are one person, and how sure that is",
            soft_wrap=True,
        )
    screen.print(f"page   {page}", soft_wrap=True)
