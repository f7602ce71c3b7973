"""Predictions under a protocol: their scores in the terminal and as a file, and two of them compared."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from facsight.cli.processing import Processing
    from facsight.data.protocol import Protocol
    from facsight.scoring.truth import Truth


def score_predictions(
    predictions: Path,
    protocol: str,
    root: Path | None,
    truth: Path | None,
    processing: "Processing",
    *,
    split: str | None,
    codes: str | None,
    untuned: Path | None,
    claimed: str | None,
    out: Path | None,
) -> None:
    """Score a table of predictions, print it and write it down; openings of test labels are counted."""
    from facsight.core.saving import whole_file
    from facsight.data.protocol import load_protocol
    from facsight.scoring.score import as_data, predictions_of, score

    chosen = load_protocol(protocol)
    target = out or predictions.with_name(f"{predictions.name}.{protocol}.json")
    labels = open_truth(chosen, root, truth, split=split, codes=codes)
    processing.check(chosen, labels, untuned)
    opening = _opening(labels, chosen, target, predictions)
    found = predictions_of(chosen, labels, predictions, codes=codes)
    data = processing.score(chosen, labels, found, target, claimed=claimed)
    data["test_labels"] = opening
    if untuned is not None:
        data["untuned"] = as_data(score(chosen, labels, untuned, codes=codes))["official"]
    with whole_file(target) as partial:
        partial.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    _print(data)
    typer.echo(f"scores  {target}")


def open_truth(
    protocol: "Protocol", root: Path | None, truth: Path | None, *, split: str | None, codes: str | None
) -> "Truth":
    """The labels of a dataset's folder or of a file; exactly one is needed."""
    from facsight.core.errors import BadRecipe
    from facsight.scoring.truth import truth_from_dataset
    from facsight.scoring.truth_file import truth_from_file

    if (root is None) == (truth is None):
        raise BadRecipe(
            f"{protocol.name} needs labels: --root FOLDER of {protocol.dataset}, or --truth FILE, one of both"
        )
    if truth is not None:
        return truth_from_file(protocol, truth, split=split, codes=codes)
    assert root is not None
    return truth_from_dataset(protocol, root, split=split)


def _opening(labels: "Truth", protocol: "Protocol", target: Path, predictions: Path) -> dict[str, Any]:
    """Note that test labels are opened, and tell it where it is not the first time."""
    from facsight.cli.screen import complain
    from facsight.core.errors import BadOutput
    from facsight.scoring.openings import note_opening

    if not labels.opened_test:
        return {"opened": 0}
    if not target.parent.is_dir():
        raise BadOutput(f"{target.parent} is no folder: make it, or choose another file with --out")
    opening = note_opening(target.parent, protocol.name, labels.origin, str(predictions))
    if opening["opened"] > 1:
        complain(
            f"warning: test labels of {protocol.name} have now been opened {opening['opened']} times in this "
            f"folder, first at {opening['first']}: a score chosen among several is no test score"
        )
    return opening


def _print(data: dict[str, Any]) -> None:
    from rich.table import Table

    from facsight.cli.processing import print_tuning
    from facsight.cli.screen import complain, console

    table = Table(title=f"{data['title']}: {data['split']}", title_justify="left")
    for column in ("score", "value", "95 % interval"):
        table.add_column(column, justify="left" if column == "score" else "right")
    tuned = ", tuned and cross-fitted" if "tuning" in data else ""
    _row(table, f"official{tuned}: {data['official']['is']}", data["official"])
    if "untuned" in data:
        _row(table, "official, untuned" if tuned else "official, before post-processing", data["untuned"])
    for space, scores in data["scores"].items():
        for name, entry in scores.items():
            _row(table, name.replace("_", " ") if len(data["scores"]) == 1 else f"{space}: {name}", entry)
    for name, one in (pair for space in data["each"].values() for pair in space.items()):
        if "f1_interval" in one:
            _row(table, f"F1 of {name}", {"value": one["f1"], "interval": one["f1_interval"]})
    console().print(table)
    typer.echo(data["official"]["convention"])
    typer.echo(
        ", ".join(f"{count} {what}" for what, count in data["rows"].items()) + f"; {data['intervals']}"
    )
    typer.echo(f"label space {', '.join(data['label_spaces'])}; crop: {data['crop']}")
    for note in data["notes"]:
        typer.echo(f"note    {note}")
    if "tuning" in data:
        print_tuning(data["tuning"])
    elif "postprocess" in data["about"]:
        typer.echo(f"note    post-processed: {data['about']['postprocess']}")
    if "postprocess" in data["about"] and "untuned" not in data:
        typer.echo("note    give --untuned FILE to have the score before post-processing beside this one")
    for told in data["suspicions"]:
        complain(f"suspicion: {told}")
    if "claim" in data:
        typer.echo(f"claim   {data['claim']['words']}")


def _row(table: Any, name: str, entry: dict[str, Any]) -> None:
    value, interval = entry["value"], entry["interval"]
    told = f"{interval[0]:.4f} to {interval[1]:.4f}" if interval else ""
    table.add_row(name, "-" if value is None else f"{value:.4f}", told)


def compare_predictions(
    baseline: Path,
    other: Path,
    protocol: str,
    root: Path | None,
    truth: Path | None,
    *,
    split: str | None,
    codes: str | None,
    out: Path | None,
) -> None:
    """Print, and write if asked, how much better the second table is than the first on the same rows."""
    from facsight.core.saving import whole_file
    from facsight.data.protocol import load_protocol
    from facsight.scoring.comparison import compare_scored
    from facsight.scoring.score import score

    chosen = load_protocol(protocol)
    labels = open_truth(chosen, root, truth, split=split, codes=codes)
    opening = _opening(labels, chosen, out or other, other)
    pair = [score(chosen, labels, path, codes=codes) for path in (baseline, other)]
    data = compare_scored(*pair) | {"test_labels": opening}
    if out:
        with whole_file(out) as partial:
            partial.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    _print_comparison(data)


def _print_comparison(data: dict[str, Any]) -> None:
    from rich.table import Table

    from facsight.cli.screen import console

    names = [Path(file).name for file in data["files"]]
    table = Table(
        title=f"{data['protocol']}, {data['split']}: {names[1]} against {names[0]}", title_justify="left"
    )
    for column in ("score", *names, "difference", "95 % interval", "p"):
        table.add_column(column, justify="left" if column == "score" else "right")
    for name, one in data["scores"].items():
        values = [f"{value:.4f}" for value in one["values"]]
        low, high = one["interval"]
        table.add_row(
            name.replace("_", " "),
            *values,
            f"{one['difference']:+.4f}",
            f"{low:+.4f} to {high:+.4f}",
            f"{one['p']:.4f}",
        )
    console().print(table)
    typer.echo(f"{data['rows']} rows, paired over {data['over']}. {data['assumes']}")
