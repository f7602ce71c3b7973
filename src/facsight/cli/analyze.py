"""`facsight analyze`: photos or videos in; table, page and a line per face or video out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.text import Text

from facsight.cli.compounds import AskedCompounds
from facsight.cli.screen import bar, console, shortened
from facsight.cli.videos import Precision, analyze_videos, told_apart
from facsight.core.errors import BadRecipe, counted

if TYPE_CHECKING:
    from rich.console import Console

    from facsight.analysis.over_time import OverTime
    from facsight.analysis.reading import PhotoResult, Reading
    from facsight.analysis.run import Outcome


def analyze(
    inputs: Annotated[
        list[Path], typer.Argument(help="Photos or videos, and folders of them (at any depth).")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the table and the page.")] = Path("facsight-out"),
    columns: Annotated[str, typer.Option(help="Column names: facsight, openface or pyfeat.")] = "facsight",
    only: Annotated[
        Literal["photos", "videos"] | None, typer.Option(help="Where folders hold both: what to read.")
    ] = None,
    every: Annotated[int, typer.Option(help="Of a video, read every n-th frame.", min=1)] = 1,
    rate: Annotated[
        float | None, typer.Option(help="Of a video, read at most so many frames a second.")
    ] = None,
    sequence: Annotated[
        float | None,
        typer.Option(help="Read folders of numbered pictures as videos of so many frames a second."),
    ] = None,
    steady: Annotated[
        bool, typer.Option("--steady", help="Of a video, take the tremble out of the landmarks (one-euro).")
    ] = False,
    smooth: Annotated[
        float, typer.Option(help="Of a video, smooth over so many seconds (0: do not).", min=0.0)
    ] = 0.2,
    neutral: Annotated[
        str | None,
        typer.Option(help="Of a video, where faces are at rest, such as 0-10 or 0:05-0:12.5: for baselines."),
    ] = None,
    segments: Annotated[
        Path | None, typer.Option(help="Segments to sum up by: ELAN (.eaf) or a table of start, end, label.")
    ] = None,
    people: Annotated[
        str | None,
        typer.Option(
            help="Of a video, tell people apart over cuts: texture, or onnx:PATH for a model of yours."
        ),
    ] = None,
    people_across: Annotated[
        Literal["video", "study"], typer.Option(help="Number people in each video anew, or once for all.")
    ] = "video",
    person: Annotated[
        Path | None, typer.Option(help="Read everybody as this one person: a file of `facsight adapt`.")
    ] = None,
    precision: Annotated[
        Precision, typer.Option(help="Of a video: number format of the network; auto: the fastest here.")
    ] = "auto",
    workers: Annotated[int, typer.Option(help="Videos that are read at the same time.", min=1)] = 1,
    engine: Annotated[
        Literal["local", "ray"], typer.Option(help="Who reads videos: this machine, or a Ray cluster.")
    ] = "local",
    landmarks: Annotated[bool, typer.Option("--landmarks", help="Add the 68 points to the table.")] = False,
    pictures: Annotated[
        int, typer.Option(help="Photos or videos that the page shows with pictures.", min=0)
    ] = 40,
    no_pictures: Annotated[
        bool,
        typer.Option(
            "--no-pictures", help="No photo and no face on the page: maps, curves and numbers only."
        ),
    ] = False,
    weights: Annotated[Path | None, typer.Option(help="Another reader (.safetensors).")] = None,
    finder: Annotated[
        str | None, typer.Option(help="Another face finder: see `facsight list finders`.")
    ] = None,
    model: Annotated[
        list[Path] | None,
        typer.Option(
            help="A run folder asked what it says, too: of action units, and, for videos, one of sequences."
        ),
    ] = None,
    compound: Annotated[
        Literal["rules", "model"] | None,
        typer.Option(help="Compound expressions, too: by pair rules, or by --weights of such classes."),
    ] = None,
    compound_space: Annotated[
        str, typer.Option(help="Which compounds rules may name: cexpr7, rafdb_compound11 or rafce14.")
    ] = "cexpr7",
) -> None:
    """Read every face: expression, how sure, and on which grounds.

    Writes readings.csv, Parquet and report.html; of videos also summary.csv, events.csv and baselines.csv. A
    file that cannot be read is named and ends nothing (exit code 1). An interrupted run goes on where it
    stopped when the command is given again.

    Examples: `facsight analyze photo.jpg holiday/ --out out/`, `facsight analyze interview.mp4 --rate 5`,
    `facsight analyze frames/ --sequence 25 --out study/`, `facsight analyze clip.mp4 --model runs/NAME`,
    `facsight analyze session*.mp4 --person anna.facsight`, `facsight analyze clip.mp4 --compound rules`
    """
    from facsight.analysis.conventions import check_convention
    from facsight.analysis.inputs import photos_or_videos
    from facsight.analysis.wording import printable

    photos, videos = photos_or_videos(inputs, out, only, sequence)
    check_convention(columns)
    asked = AskedCompounds(compound, compound_space)
    if videos:
        units, sequences = _by_kind(model or [])
        if engine == "ray" and workers > 1:
            raise BadRecipe("--workers is for this machine; a Ray cluster decides for itself how many it has")
        analyze_videos(
            videos,
            out,
            reader={"weights": weights, "finder": finder, "person": person, "units": units},
            precision=precision,
            workers=workers,
            ray=engine == "ray",
            page={"photos": pictures, "pictures": not no_pictures},
            every=every,
            rate=rate,
            steady=steady,
            sequence=sequence,
            over_time=_over_time(smooth, neutral, segments, videos),
            people=told_apart(people, people_across == "study"),
            convention=columns,
            landmarks=landmarks,
            model=sequences,
            compounds=asked,
        )
        return
    units = _unit_model(model or [])
    of_videos = (every, rate, sequence, steady, smooth, neutral, segments, people, precision, workers, engine)
    if of_videos != (1, None, None, False, 0.2, None, None, None, "auto", 1, "local"):
        raise BadRecipe(
            "--every, --rate, --sequence, --steady, --smooth, --neutral, --segments, --people, --precision, "
            "--workers and --engine are for videos, but there are only photos"
        )
    from facsight.analysis.reader import Reader
    from facsight.analysis.run import analyse
    from facsight.report.readings import write_report

    screen = console()
    place = min(max(len(printable(photo)) for photo in photos) + 3, screen.width // 3)
    reader = Reader(weights, finder=finder, person=person, units=units)
    asked.check(reader.classes)
    with _progress(screen, len(photos)) as advance:

        def show(result: "PhotoResult") -> None:
            for line in lines(result, place):
                screen.print(line)
            advance(1)

        try:
            outcome = analyse(
                photos,
                out,
                reader,
                convention=columns,
                landmarks=landmarks,
                on_start=_say_resumed(screen, advance),
                on_result=show,
            )
        except KeyboardInterrupt:
            screen.print(f"\nStopped. What was read is kept in {out}; the same command goes on from there.")
            raise typer.Exit(130) from None
    asked.read(out, screen)
    page = write_report(out, photos=pictures, pictures=not no_pictures)
    _sum_up(screen, outcome, page)
    raise typer.Exit(1 if outcome.failed else 0)


def _unit_model(models: list[Path]) -> Path | None:
    """The model as one of action units; `BadRecipe` for one of sequences, which photos are not."""
    from facsight.sequence_experiment import holds_sequences

    for model in models:
        if holds_sequences(model):
            raise BadRecipe(f"{model} reads sequences: it is for videos, but there are only photos")
    return _only("action units", models)


def _by_kind(models: list[Path]) -> tuple[Path | None, Path | None]:
    """The model of action units, which reads frame by frame, and that of sequences, where there are."""
    from facsight.unit_experiment import holds_units

    units = [model for model in models if model.is_file() or holds_units(model)]
    return _only("action units", units), _only("sequences", [one for one in models if one not in units])


def _only(kind: str, models: list[Path]) -> Path | None:
    if len(models) > 1:
        told = " and ".join(map(str, models))
        raise BadRecipe(f"expected one model of {kind} at most, found {told}: give each an --out of its own")
    return models[0] if models else None


def _over_time(smooth: float, neutral: str | None, segments: Path | None, videos: list[Path]) -> "OverTime":
    """How readings are put together over time; refuses what cannot be before anything is read."""
    from facsight.analysis.in_time import Smoothing
    from facsight.analysis.over_time import OverTime
    from facsight.analysis.segments import read_segments, read_span, without_video
    from facsight.analysis.wording import printable

    marked = None if segments is None else read_segments(segments)
    lost = [] if marked is None else without_video(marked, [printable(video) for video in videos])
    if lost:
        console().print(
            f"Segments of files that are not among the videos are left out: {', '.join(lost)}", style="yellow"
        )
    smoothing = Smoothing("gaussian", smooth) if smooth else Smoothing()
    return OverTime(smoothing, None if neutral is None else read_span(neutral), marked)


def lines(result: "PhotoResult", place: int) -> Iterator[Text]:
    """A line per face, or one that says why there is none; names take `place` cells."""
    from facsight.analysis.wording import printable

    name = printable(result.name)
    if result.error is not None:
        yield Text.assemble(f"{shortened(name, place):{place}}  ", ("not read  ", "bold red"), result.error)
    elif not result.readings:
        yield Text.assemble(f"{shortened(name, place):{place}}  ", ("no face", "dim"))
    for number, reading in enumerate(result.readings, 1):
        label = f"{name} {number}" if len(result.readings) > 1 else name
        yield Text.assemble(f"{shortened(label, place):{place}}  ", *_told(reading))


def _told(reading: "Reading") -> list[str | tuple[str, str]]:
    from facsight.analysis.wording import percent

    share = reading.expression[reading.label]
    units = list(reading.evidence.action_units.items())[:3]
    grounds = ", ".join(f"AU{unit} {percent(part)}" for unit, part in units)
    shown = ", ".join(f"AU{one.action_unit}" for one in reading.units if one.present)
    grounds += f"  shows {shown or 'no unit'}" if reading.units else ""
    words: list[str | tuple[str, str]] = [
        (f"{reading.label:10}", "bold"),
        f"{percent(share):>9} ",
        (bar(share), "cyan"),
        f"  {grounds}",
    ]
    return words + ([(f"  take care: {', '.join(reading.cautions)}", "yellow")] if reading.cautions else [])


@contextmanager
def _progress(screen: "Console", photos: int) -> Iterator[Callable[[int], None]]:
    """A progress line with the time left, for more than a few photos and where a person is watching."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("photos", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = photos < 10 or not screen.is_terminal
    with Progress(*columns, console=screen, transient=True, disable=hidden) as progress:
        task = progress.add_task("photos", total=photos)
        yield lambda count: progress.advance(task, count)


def _say_resumed(screen: "Console", advance: Callable[[int], None]) -> Callable[[int], None]:
    def say(resumed: int) -> None:
        if resumed:
            screen.print(f"{resumed} photos were read before the last run stopped; going on from there.")
            advance(resumed)

    return say


def _sum_up(screen: "Console", outcome: "Outcome", page: Path) -> None:
    """Totals, every file that failed with its reason, and where everything is."""
    parts = [f"{counted(outcome.faces, 'face')} in {counted(outcome.photos, 'photo')}"]
    if outcome.without_face:
        parts.append(f"{outcome.without_face} without a face")
    screen.print(Text(f"\n{', '.join(parts)}", "bold"))
    if outcome.failed:
        screen.print(Text(f"{len(outcome.failed)} could not be read:", "bold red"))
        for file, reason in outcome.failed:
            screen.print(f"  {file}: {reason}", soft_wrap=True)
    screen.print(f"table  {outcome.folder / 'readings.parquet'} and readings.csv", soft_wrap=True)
    screen.print(f"page   {page}", soft_wrap=True)
