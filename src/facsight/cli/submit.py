"""`facsight submit`: predictions as a challenge takes them: checked, completed, written."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import polars as pl

    from facsight.cli.processing import Processing
    from facsight.data.predictions import Predictions
    from facsight.data.submission_formats import Format

submit = typer.Typer(
    name="submit",
    help="Check, complete and write what a challenge takes: most submissions lack a row.\n\n"
    "Example: facsight submit check submission/ --protocol abaw10-expr --sample sample_submission.txt",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

_Protocol = Annotated[str, typer.Option(help="The challenge's task, such as abaw10-expr.")]
_Sample = Annotated[
    Path,
    typer.Option(
        help="The organisers' sample submission, a text file with a sample a line, or, where every video has "
        "a file, their folder or a table video,frames."
    ),
]
_Steps = Annotated[
    Path | None,
    typer.Option(help="Steps of post-processing to apply, as `facsight score --tune` writes them."),
]
_Fps = Annotated[
    float | None, typer.Option(help="Frames a second of these videos, if not as in --postprocess.")
]
_Codes = Annotated[
    str | None,
    typer.Option(help="The label space whose numbers the predicted classes are, if they are."),
]


@submit.command()
def check(
    submission: Annotated[Path, typer.Argument(help="The file, folder or archive that is to be handed in.")],
    protocol: _Protocol,
    sample: _Sample,
) -> None:
    """Tell every missing, unknown or repeated row, and whatever is not in the format; exit code 1 if any.

    Example: facsight submit check submission/ --protocol abaw10-expr --sample sample_submission.txt
    """
    from facsight.data.sample_list import read_sample_list
    from facsight.data.submission_check import check_submission

    form = _format(protocol)
    listed = read_sample_list(sample, form)
    _tell_check(check_submission(submission, listed, form), submission, len(listed))


@submit.command()
def complete(
    predictions: Annotated[Path, typer.Argument(help="A CSV or Parquet table of predictions.")],
    protocol: _Protocol,
    sample: _Sample,
    out: Annotated[Path, typer.Option(help="The folder for completed.parquet and filled.csv.")],
    method: Annotated[
        str, typer.Option(help="Where a class comes from: nearest, or forward (the frame before).")
    ] = "nearest",
    absent: Annotated[
        str,
        typer.Option(
            help="A video without any prediction: refuse, or typical (commonest class, mean value)."
        ),
    ] = "refuse",
    codes: _Codes = None,
    postprocess: _Steps = None,
    fps: _Fps = None,
) -> None:
    """Fill what is missing, within each video, and say how much; values are interpolated, classes never.

    Example: facsight submit complete va.csv --protocol abaw10-va --sample sample.txt --out submission/
    """
    from facsight.analysis.saving import ready_folder
    from facsight.cli.processing import Processing
    from facsight.core.errors import BadRecipe, did_you_mean
    from facsight.core.saving import whole_file
    from facsight.data.predictions import write_predictions
    from facsight.data.submission_fill import complete

    for given, known in ((method, ("nearest", "forward")), (absent, ("refuse", "typical"))):
        if given not in known:
            raise BadRecipe(f"{given!r}: {did_you_mean(given, known)}")
    form, listed, found = _read(predictions, protocol, sample, codes, Processing(None, fps, postprocess))
    made = complete(found.table, listed, form.label_spaces, method=method, absent=absent)  # type: ignore[arg-type]
    folder = ready_folder(out)
    write_predictions(folder / "completed.parquet", made.table, found.about)
    with whole_file(folder / "filled.csv") as partial:
        made.filled.write_csv(partial)
    typer.echo(
        f"filled {made.count} of {len(listed)} rows in {len(made.filled)} videos (classes {method}, values "
        f"interpolated); where: {folder / 'filled.csv'}"
    )
    typer.echo(f"complete predictions: {folder / 'completed.parquet'}; `facsight submit write` takes them")


@submit.command()
def write(
    predictions: Annotated[
        list[Path], typer.Argument(help="A table of predictions; several for several trials.")
    ],
    protocol: _Protocol,
    sample: _Sample,
    out: Annotated[Path, typer.Option(help="The folder for the submission.")],
    codes: _Codes = None,
    postprocess: _Steps = None,
    fps: _Fps = None,
) -> None:
    """Write predictions in the challenge's own format, in the order of its list, and check what was written.

    Example: facsight submit write va.csv --protocol abaw10-va --sample sample.txt --out submission/
    """
    from facsight.cli.processing import Processing
    from facsight.data.submission_check import check_submission
    from facsight.data.submissions import write_submission

    processing = Processing(None, fps, postprocess)
    read = [_read(path, protocol, sample, codes, processing) for path in predictions]
    form, listed, _ = read[0]
    files = write_submission([found.table for _, _, found in read], listed, form, out)
    target = files[0] if form.zipped else out
    _tell_check(check_submission(target, listed, form), target, len(listed))
    typer.echo(f"format {form.name}: {form.certainty}")


def _format(protocol: str) -> "Format":
    from facsight.core.errors import UnknownName
    from facsight.data.protocol import load_protocol, protocol_names
    from facsight.data.submission_formats import submission_format

    name = load_protocol(protocol).submission
    if not name:
        having = [one for one in protocol_names() if load_protocol(one).submission]
        raise UnknownName(
            f"{protocol} is no challenge and takes no submissions; these do: {', '.join(having)}"
        )
    return submission_format(name)


def _read(
    path: Path, protocol: str, sample: Path, codes: str | None, processing: "Processing"
) -> "tuple[Format, pl.DataFrame, Predictions]":
    """The format, the list, and predictions without a row that cannot be used, after post-processing."""
    from facsight.cli.screen import complain
    from facsight.data.sample_list import read_sample_list
    from facsight.data.submissions import read_any

    form = _format(protocol)
    listed = read_sample_list(sample, form)
    found = read_any(path, listed["sample"].unique(maintain_order=True), form.label_spaces, form, codes)
    found.refuse_strays()
    if found.unknown:
        line, name = found.unknown_named[0]
        complain(
            f"warning: {path}: {found.unknown} rows are of samples that the list does not have and are left "
            f"out, the first is line {line}: {name!r}"
        )
    found = processing.apply(found, form.label_spaces)
    if "postprocess" in found.about:
        typer.echo(f"note    {path} post-processed: {found.about['postprocess']}")
    return form, listed, found


def _tell_check(told: list, path: Path, rows: int) -> None:
    for deviation in told:
        typer.echo(f"{'error' if deviation.fatal else 'odd'}: {deviation}")
    fatal = sum(deviation.fatal for deviation in told)
    if fatal:
        typer.echo(f"{path}: {fatal} reasons to refuse it")
        raise typer.Exit(1)
    typer.echo(f"{path}: complete, {rows} rows")
