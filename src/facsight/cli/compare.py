"""`facsight compare`: audited runs side by side, on the same faces."""

import json
from pathlib import Path
from typing import Annotated

import typer


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Two or more audited runs; the first is the baseline.")],
    on: Annotated[str, typer.Option(help="Which part of the dataset: val or test.")] = "val",
    by: Annotated[
        str | None, typer.Option(help="A column, such as person, whose faces are resampled together.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Also write the comparison as JSON.")] = None,
    page: Annotated[
        Path | None, typer.Option(help="Also write it as a page, with a tree of whose maps look alike.")
    ] = None,
) -> None:
    """Each score of each run, and its difference from the first run with a paired bootstrap interval.

    Example: `facsight compare runs/ferplus-method.guidance=0 runs/ferplus --page compared.html`
    """
    from rich.table import Table
    from rich.text import Text

    from facsight.audit.compare import as_rows, compare, compare_maps
    from facsight.audit.verdicts import signed
    from facsight.cli.screen import console
    from facsight.core.errors import BadRecipe
    from facsight.report.compare import write_comparison_page
    from facsight.training.run_folder import write_whole

    if len(runs) < 2:
        raise BadRecipe("a comparison needs at least two runs: facsight compare RUN OTHER")
    found = compare(runs, split=on, by=by)
    names = [run.name for run in runs]
    if len(set(names)) < len(names):
        names = [str(run) for run in runs]
    table = Table(title=f"{names[0]} against {', '.join(names[1:])}", title_justify="left")
    for column in ("score", "faces", names[0], *(part for n in names[1:] for part in (n, "difference"))):
        table.add_column(column, justify="left" if column == "score" else "right")
    for one in found:
        cells: list[str | Text] = [f"{one.values[0].estimate:.3f}"]
        for value, difference in zip(one.values[1:], one.differences, strict=True):
            sure = difference.low > 0 or difference.high < 0
            cells += [f"{value.estimate:.3f}", Text(signed(difference), "bold" if sure else "")]
        table.add_row(one.score, str(one.faces), *cells)
    console().print(table)
    if out:
        write_whole(out, json.dumps(as_rows(found, names), indent=2) + "\n")
    if page:
        looks = compare_maps(dict(zip(names, runs, strict=True)), split=on)
        write_comparison_page(found, names, looks, page, split=on)
        console().print(f"page   {page}", soft_wrap=True)
