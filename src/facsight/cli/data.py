"""`facsight data`: the datasets that are known, whether a folder is one of them, and what it holds."""

import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from facsight.data.dataset import Dataset

data = typer.Typer(
    name="data",
    help="Datasets: which are known, whether a folder is in its format, and what it holds.\n\n"
    "Example: facsight data check /data/raf-db --as rafdb",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

_Reader = Annotated[
    list[str] | None,
    typer.Option(
        "--reader", help="An option of the dataset's reader, such as labels=rafdb7; may be repeated."
    ),
]


@data.command("list")
def list_(
    name: Annotated[str | None, typer.Argument(help="A dataset: its whole card.")] = None,
) -> None:
    """Every dataset: labels, people, licence, how to get it; with a name, also the layout expected.

    Example: facsight data list affwild2_va
    """
    from facsight.data.opening import dataset_card
    from facsight.data.sets import SETS

    if name is not None:
        typer.echo(str(dataset_card(name)))
        return
    for card in (dataset_card(known) for known in SETS):
        typer.echo(f"{card.name:16} {card.title} ({card.kind}): {', '.join(card.labels) or 'any labels'}")
        typer.echo(f"{'':16} people   {card.people}")
        typer.echo(f"{'':16} licence  {card.licence}")
        typer.echo(f"{'':16} obtain   {card.obtain}\n")


@data.command()
def check(
    path: Annotated[Path, typer.Argument(help="The dataset's folder.")],
    name: Annotated[str, typer.Option("--as", help="Which dataset it should be: `facsight data list`.")],
    reader: _Reader = None,
    pictures: Annotated[bool, typer.Option("--pictures", help="Also decode every picture.")] = False,
) -> None:
    """Compare a folder with the documented format; every deviation is named with file and line.

    The exit code is 1 where rows are unusable, or a picture cannot be read.

    Example: facsight data check /data/raf-db --as rafdb --pictures
    """
    from facsight.cli.screen import console
    from facsight.core.errors import counted

    opened = _open(name, path, reader, sealed=False)
    screen = console()
    for line in _counts(opened):
        screen.print(line, soft_wrap=True)
    for deviation in opened.deviations:
        screen.print(f"{'unusable' if deviation.fatal else 'odd':9} {deviation}", soft_wrap=True)
    missed = _decode_all(opened) if pictures else []
    for reason in missed:
        screen.print(f"{'unread':9} {reason}", soft_wrap=True)
    fatal = sum(deviation.fatal for deviation in opened.deviations)
    odd = len(opened.deviations) - fatal
    screen.print(f"\n{counted(fatal + len(missed), 'unusable place')}, {counted(odd, 'odd one')}")
    if fatal or missed:
        raise typer.Exit(1)


@data.command()
def describe(
    name: Annotated[str, typer.Argument(help="The dataset: `facsight data list`.")],
    root: Annotated[Path, typer.Option(help="Its folder.")],
    out: Annotated[Path, typer.Option(help="The page to write.")],
    reader: _Reader = None,
    pictures: Annotated[
        int, typer.Option(help="Show so many pictures of each class: mind the licence.", min=0)
    ] = 0,
    copies: Annotated[
        bool, typer.Option("--copies/--no-copies", help="Search the pictures for near copies.")
    ] = True,
) -> None:
    """Write one page: counts, labels, people, deviations, near copies and what splits share.

    Labels of the test split stay sealed. The page holds no picture unless asked.

    Example: facsight data describe rafdb --root /data/raf-db --out rafdb.html
    """
    from facsight.cli.progress import counter
    from facsight.data.sharing import what_is_shared
    from facsight.report.dataset import write_dataset_page

    opened = _open(name, root, reader, sealed=True)
    with counter("pictures") as on_picture:
        shared = what_is_shared(opened, copies=copies, on_picture=on_picture)
    page = write_dataset_page(opened, out, shared=shared, pictures=pictures)
    for line in _counts(opened):
        typer.echo(line)
    typer.echo(f"page   {page}")


@data.command()
def mock(
    name: Annotated[str, typer.Argument(help="The dataset: `facsight data list`.")],
    out: Annotated[Path, typer.Option(help="The folder to make; it must not exist, or be empty.")],
    seed: Annotated[int, typer.Option(help="Another number draws other samples.")] = 0,
) -> None:
    """Write a tiny made-up copy of a dataset in its format, oddities included: for tests and dry runs.

    Example: facsight data mock affectnet --out mock/affectnet
    """
    from facsight.core.errors import BadOutput
    from facsight.data.opening import dataset_module

    module = dataset_module(name)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadOutput(f"{out} exists already and is not empty: nothing was written. Give another folder")
    partial = out.with_name(f".{out.name}.part")
    shutil.rmtree(partial, ignore_errors=True)  # of a run that was killed
    try:
        partial.mkdir(parents=True)
        module.mock(partial, seed=seed)
        partial.replace(out)
    except OSError as error:
        raise BadOutput(f"{out} cannot be written: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    typer.echo(f"{module.CARD.title}: a made-up copy in {out}")


def _open(name: str, root: Path, reader: list[str] | None, *, sealed: bool) -> "Dataset":
    from facsight.data import open_dataset

    return open_dataset(name, root, sealed=sealed, tolerant=True, **reader_options(reader))


def reader_options(written: list[str] | None) -> dict[str, Any]:
    """Options as `key=value`, values as in TOML; a bare word is text."""
    from facsight.core.errors import UnknownName

    options = {}
    for text in written or []:
        key, mark, value = text.partition("=")
        if not mark:
            raise UnknownName(f"expected key=value, found {text!r}, for instance labels=rafdb7")
        try:
            options[key.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            options[key.strip()] = value
    return options


def _counts(data: "Dataset") -> list[str]:
    from facsight.data.summary import count_splits

    parts = [f"{count.split} {count.samples:,}" for count in count_splits(data)]
    missing = sum(count.missing_files for count in count_splits(data))
    lines = [f"{data.card.title}: {len(data):,} samples ({', '.join(parts)})"]
    return lines + ([f"{missing:,} without their file"] if missing else [])


def _decode_all(data: "Dataset") -> list[str]:
    """Why pictures cannot be read; those that are missing were told before."""
    import polars as pl

    from facsight.cli.progress import counter
    from facsight.data.pictures import Pictures

    pictures = Pictures(data.where(pl.col("path").is_not_null()), size=32, unreadable="skip")
    with counter("pictures") as on_picture:
        for batch in pictures.batches(64, shuffle=False):
            on_picture(int(batch.rows[-1]) + 1, len(pictures))
    return list(pictures.missed.values())
