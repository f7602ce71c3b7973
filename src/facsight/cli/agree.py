"""`facsight agree`: two tables of the same faces beside each other."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import polars as pl
    from rich.table import Table

_POINT = r"^[xy]_\d+$"


def agree(
    ours: Annotated[Path, typer.Argument(help="A table, or a folder of them.")],
    theirs: Annotated[Path, typer.Argument(help="Another of the same photos or videos.")],
    out: Annotated[
        Path | None, typer.Option(help="Also write the figures as CSV, those of points too.")
    ] = None,
) -> None:
    """How far two tables agree: facsight's, OpenFace's, py-feat's or LibreFace's, found out by their columns.

    Units, signs and spellings are facsight's on both sides. Differences are first minus second.

    Example: `facsight agree study/ openface/interview.csv --out agreement.csv`
    """
    from facsight.analysis.agreement import NO_TEST, agree
    from facsight.analysis.other_tables import read_table
    from facsight.cli.screen import console
    from facsight.core.saving import whole_file

    tables = read_table(ours), read_table(theirs)
    found = agree(*tables)
    screen = console()
    for path, faces in zip((ours, theirs), found.faces, strict=True):
        told = f"{path}: {found.pairs} of {faces} faces have a partner, {faces - found.pairs} have none"
        screen.print(told, soft_wrap=True)
    for part in _figures(found.rows):
        screen.print(part)
    screen.print(NO_TEST, soft_wrap=True)
    if out:
        with whole_file(out) as partial:
            found.rows.write_csv(partial)
        screen.print(f"table  {out}", soft_wrap=True)


def _figures(rows: "pl.DataFrame") -> Iterator["Table | str"]:
    """A table of the numbers, one of the classes, and how many coordinates of points are in neither."""
    import polars as pl

    points = pl.col("quantity").str.contains(_POINT)
    numbers = rows.filter(~points, pl.col("mean_difference").is_not_null())
    classes = rows.filter(pl.col("agreement").is_not_null())
    if len(numbers):
        names = ("r", "concordance", "mean difference", "SD of differences")
        yield _shown(numbers, ("pearson", "concordance", "mean_difference", "sd_difference"), names)
    if len(classes):
        yield _shown(classes, ("agreement", "kappa"), ("agreement", "Cohen's kappa"))
    if coordinates := len(rows.filter(points)):
        yield f"and {coordinates} coordinates of points: see them with --out"


def _shown(rows: "pl.DataFrame", columns: tuple[str, ...], names: tuple[str, ...]) -> "Table":
    from rich.table import Table

    table = Table()
    for name in ("quantity", "n", *names):
        table.add_column(name, justify="left" if name == "quantity" else "right")
    for quantity, n, *values in rows.select("quantity", "n", *columns).iter_rows():
        cells = ("-" if value is None else f"{value:.3f}" for value in values)
        table.add_row(quantity.replace("_", " "), str(n), *cells)
    return table
