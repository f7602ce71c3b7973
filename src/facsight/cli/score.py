"""`facsight score`: how good a trained reader is, or any tool's predictions under a protocol."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer


def score(
    run: Annotated[
        Path,
        typer.Argument(
            help="A run folder, or a weights file with --recipe; with --protocol also a table of predictions."
        ),
    ],
    split: Annotated[
        str | None, typer.Option(help="Which part: val or test. Of a run val; of predictions the protocol's.")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="The dataset's folder, if not the recipe's.")] = None,
    recipe: Annotated[Path | None, typer.Option(help="The recipe, where the run folder has none.")] = None,
    protocol: Annotated[
        str | None, typer.Option(help="Of predictions: a name of `facsight protocol list`.")
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option(help="Of predictions: the dataset's folder; of a run its own, if not given."),
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Of predictions: a file of labels instead of --root.")
    ] = None,
    codes: Annotated[
        str | None, typer.Option(help="The label space whose numbers the predicted classes are, if they are.")
    ] = None,
    untuned: Annotated[
        Path | None, typer.Option(help="The same predictions before post-processing, to be scored beside.")
    ] = None,
    tune: Annotated[
        str | None,
        typer.Option(
            help="Of predictions of a validation split: choose smooth, threshold, bias, scale (with commas "
            "between), cross-fitted over videos."
        ),
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="Frames a second of the videos, for what is filtered over time.")
    ] = None,
    tuned_out: Annotated[
        Path | None, typer.Option(help="Where predictions go as they were scored: a .parquet or .csv file.")
    ] = None,
    postprocess: Annotated[
        Path | None, typer.Option(help="Steps to apply first, as --tune writes them: a TOML file.")
    ] = None,
    claimed: Annotated[
        str | None, typer.Option(help="Another evaluator's figure: which convention is it?")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the scores go, as JSON; beside the predictions.")
    ] = None,
) -> None:
    """Accuracy, calibration and where attention lies, of a run; the official number of any predictions.

    Of a run, test data is for the end: `--split test` writes metrics-test.json beside metrics.json. Test
    labels of a protocol are opened here only, and it is written down each time.

    Example: facsight score runs/ferplus-seed=1

    Example: facsight score predictions.csv --protocol affectnet7 --root AffectNet

    Example: facsight score runs/NAME --protocol abaw10-va

    Example: facsight score val.csv --protocol abaw10-va --root Aff-Wild2 --tune smooth,scale --fps 30
    """
    from facsight.core.errors import BadRecipe

    if protocol is not None:
        from facsight.cli.processing import Processing
        from facsight.cli.run_answers import answers_under, holds_run
        from facsight.cli.score_predictions import score_predictions

        processing = Processing(tune, fps, postprocess, tuned_out)
        if run.is_dir() and holds_run(run):
            run, before, root = answers_under(run, protocol, split, folder, root, truth)
            untuned = untuned or (before if tune is None and postprocess is None else None)
        score_predictions(
            run,
            protocol,
            root,
            truth,
            processing,
            split=split,
            codes=codes,
            untuned=untuned,
            claimed=claimed,
            out=out,
        )
        return
    of_predictions = (root, truth, codes, untuned, claimed, tune, fps, tuned_out, postprocess)
    if run.suffix in (".csv", ".txt", ".parquet") or any(of_predictions):
        raise BadRecipe(f"{run}: predictions need a protocol: --protocol NAME; see `facsight protocol list`")
    from facsight.cli.progress import counter
    from facsight.sequence_experiment import holds_sequences

    if holds_sequences(run):
        from facsight.cli.sequence_scores import print_sequence_scores
        from facsight.sequence_experiment import score_sequences

        print_sequence_scores(score_sequences(run, split=split or "val", folder=folder))
        return
    from facsight.unit_experiment import holds_units, score_units

    if holds_units(run):
        from facsight.cli.unit_scores import print_unit_scores

        with counter("landmarks") as on_face:
            print_unit_scores(score_units(run, split=split or "val", folder=folder, on_face=on_face))
        return
    from facsight.experiment import score

    with counter("landmarks") as on_face:
        print_scores(score(run, split=split or "val", folder=folder, recipe=recipe, on_face=on_face))


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
