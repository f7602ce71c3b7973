"""`facsight compare`: runs side by side, on the same faces or recordings; or two tables of predictions."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from facsight.metrics.classification import Interval


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Two or more audited runs of faces, or scored runs of recordings; or two tables of "
            "predictions. The first is the baseline."
        ),
    ],
    on: Annotated[
        str | None, typer.Option(help="Which part: val or test. Of runs val; of predictions the protocol's.")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(help="Of runs: a column, such as person, whose faces are resampled together."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Also write the comparison as JSON.")] = None,
    page: Annotated[
        Path | None, typer.Option(help="Of runs: also write a page, with a tree of whose maps look alike.")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="Of predictions: a name of `facsight protocol list`.")
    ] = None,
    root: Annotated[Path | None, typer.Option(help="Of predictions: the dataset's folder.")] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Of predictions: a file of labels instead of --root.")
    ] = None,
    codes: Annotated[
        str | None, typer.Option(help="The label space whose numbers predicted classes are, if they are.")
    ] = None,
) -> None:
    """Each score of each run, and its difference from the first run with a paired bootstrap interval.

    Of scored runs of recordings: the same recordings and folds under each, intervals and p over people.

    Of two tables of predictions: the official number of a protocol and others, their paired difference over
    videos or persons, and p of a test that exchanges the two.

    Example: `facsight compare runs/ferplus-method.guidance=0 runs/ferplus --page compared.html`

    Example: `facsight compare runs/feature_based runs/textualized`

    Example: `facsight compare old.csv new.csv --protocol abaw10-va --root Aff-Wild2`
    """
    from facsight.core.errors import BadRecipe

    if len(runs) < 2:
        raise BadRecipe("a comparison needs at least two runs: facsight compare RUN OTHER")
    if protocol is None and _of_recordings(runs):
        if by or page:
            raise BadRecipe(
                "runs of recordings are compared over people, and without a page: drop --by and --page"
            )
        _compare_recordings(runs, on or "val", out)
        return
    if protocol is None:
        _compare_runs(runs, on or "val", by, out, page)
        return
    from facsight.cli.score_predictions import compare_predictions

    if len(runs) > 2 or by or page:
        raise BadRecipe("under a protocol two tables of predictions are compared, without --by and --page")
    compare_predictions(runs[0], runs[1], protocol, root, truth, split=on, codes=codes, out=out)


def _of_recordings(runs: list[Path]) -> bool:
    from facsight.core.errors import BadRecipe
    from facsight.sequence_experiment import holds_sequences

    kinds = [run.is_dir() and holds_sequences(run) for run in runs]
    if any(kinds) and not all(kinds):
        one, other = runs[kinds.index(True)], runs[kinds.index(False)]
        raise BadRecipe(f"{one} is a run of recordings, {other} is none: compare runs of one kind")
    return all(kinds)


def _compare_recordings(runs: list[Path], on: str, out: Path | None) -> None:
    from facsight.cli.screen import console
    from facsight.metrics.clusters import ASSUMES
    from facsight.sequence_experiment.side_by_side import side_by_side
    from facsight.training.run_folder import write_whole

    found, names = side_by_side(runs, split=on), _names(runs)
    people = f"{found[0].rows} rows of {found[0].clusters} people or recordings"
    others = [part for name in names[1:] for part in (name, "difference", "p")]
    table = _table(f"{names[0]} against {', '.join(names[1:])}: {people}", ["score", names[0], *others])
    for one in found:
        cells: list[str | Text] = [f"{one.values[0].estimate:.3f}"]
        for value, other in zip(one.values[1:], one.differences, strict=True):
            cells += [f"{value.estimate:.3f}", _told(other.difference), f"{other.p_value:.4f}"]
        table.add_row(f"{one.space}: {one.score}", *cells)
    console().print(table)
    console().print(ASSUMES, style="dim")
    if out:
        rows = [one.plain(names) for one in found]
        write_whole(out, json.dumps({"split": on, "assumes": ASSUMES, "scores": rows}, indent=2) + "\n")


def _table(title: str, columns: list[str]) -> "Table":
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="left" if column == "score" else "right")
    return table


def _told(difference: "Interval") -> "Text":
    """A difference with its interval, bold where that excludes 0."""
    from rich.text import Text

    from facsight.audit.verdicts import signed

    return Text(signed(difference), "bold" if difference.low > 0 or difference.high < 0 else "")


def _names(runs: list[Path]) -> list[str]:
    """What runs are called: by their folders, where these have different names."""
    names = [run.name for run in runs]
    return names if len(set(names)) == len(names) else [str(run) for run in runs]


def _compare_runs(runs: list[Path], on: str, by: str | None, out: Path | None, page: Path | None) -> None:
    from facsight.audit.compare import as_rows, compare, compare_maps
    from facsight.cli.screen import console
    from facsight.report.compare import write_comparison_page
    from facsight.training.run_folder import write_whole

    found, names = compare(runs, split=on, by=by), _names(runs)
    others = [part for name in names[1:] for part in (name, "difference")]
    table = _table(f"{names[0]} against {', '.join(names[1:])}", ["score", "faces", names[0], *others])
    for one in found:
        cells: list[str | Text] = [f"{one.values[0].estimate:.3f}"]
        for value, difference in zip(one.values[1:], one.differences, strict=True):
            cells += [f"{value.estimate:.3f}", _told(difference)]
        table.add_row(one.score, str(one.faces), *cells)
    console().print(table)
    if out:
        write_whole(out, json.dumps(as_rows(found, names), indent=2) + "\n")
    if page:
        looks = compare_maps(dict(zip(names, runs, strict=True)), split=on)
        write_comparison_page(found, names, looks, page, split=on)
        console().print(f"page   {page}", soft_wrap=True)
