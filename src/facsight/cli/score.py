"""`facsight score`: how good a trained reader is, and how much its evidence is worth."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer


def score(
    run: Annotated[Path, typer.Argument(help="A run folder, or a weights file with --recipe.")],
    split: Annotated[str, typer.Option(help="Which part of the dataset: val or test.")] = "val",
    folder: Annotated[Path | None, typer.Option(help="The dataset's folder, if not the recipe's.")] = None,
    recipe: Annotated[Path | None, typer.Option(help="The recipe, where the run folder has none.")] = None,
) -> None:
    """Accuracy, calibration, and where attention lies against the action units, each beside its floors.

    Test data is for the end: `--split test` writes metrics-test.json beside metrics.json.

    Example: facsight score runs/ferplus-seed=1
    """
    from facsight.cli.progress import counter
    from facsight.experiment import score

    with counter("landmarks") as on_face:
        print_scores(score(run, split=split, folder=folder, recipe=recipe, on_face=on_face))


def print_scores(scores: Mapping[str, Any]) -> None:
    """The scores as tables in the terminal."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    whole = Table(
        title=f"{scores['data']}, {scores['split']} ({scores['faces']} faces)", title_justify="left"
    )
    for column in ("score", "value", "95 % interval"):
        whole.add_column(column, justify="left" if column == "score" else "right")
    for name, entry in scores["classification"].items():
        interval = entry.get("interval")
        whole.add_row(
            name.replace("_", " "),
            f"{entry['value']:.4f}",
            f"{interval[0]:.4f} to {interval[1]:.4f}" if interval else "",
        )
    console.print(whole)
    evidence = Table(title="attention against action units, beside floors", title_justify="left")
    evidence.add_column("map")
    names = list(next(iter(scores["evidence"].values()), {}))
    for name in names:
        evidence.add_column(name.replace("_", " "), justify="right")
    for source, row in scores["evidence"].items():
        evidence.add_row(source.replace("_", " "), *(_number(row[name]) for name in names))
    console.print(evidence)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
