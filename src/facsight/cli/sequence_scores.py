"""Scores of a network of sequences in the terminal."""

from collections.abc import Mapping
from typing import Any

#: Keys of scores that are no label spaces.
ABOUT = ("data", "split", "recordings", "people", "modalities", "conventions", "without")


def print_sequence_scores(scores: Mapping[str, Any]) -> None:
    """A table a label space, beside floors, and what is left without each modality."""
    from rich.table import Table

    from facsight.cli.screen import console

    screen = console()
    people = f" of {scores['people']} people" if scores["people"] else ""
    title = f"{scores['data']}, {scores['split']}: {scores['recordings']} recordings{people}"
    for space in (name for name in scores if name not in ABOUT):
        table = Table(title=f"{title}: {space}", title_justify="left")
        for column in ("score", "value", "95 % interval", "floor"):
            table.add_column(column, justify="left" if column == "score" else "right")
        for row in rows_of(scores[space]):
            table.add_row(*row)
        screen.print(table)
    without = Table(title="with a modality missing", title_justify="left")
    names = list(next(iter(scores["without"].values())))
    without.add_column("without")
    for name in names:
        without.add_column(name.replace("_", " "), justify="right")
    for modality, found in scores["without"].items():
        without.add_row(modality, *(f"{found[name]:.4f}" for name in names))
    screen.print(without)
    screen.print(scores["conventions"], style="dim")


def rows_of(found: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Score, value, interval and floor of a label space, as words."""
    if "accuracy" in found:
        floors = {"accuracy": found["accuracy_of_the_most_frequent"], "balanced_accuracy": found["chance"]}
        names = ("accuracy", "macro_f1", "balanced_accuracy")
        return [_row(name, found[name], floors.get(name)) for name in names]
    if "f1" in found:
        return [(f"{unit} F1", _number(value), "", "") for unit, value in found["f1"].items()]
    rows = []
    for column, scores in found.items():
        rows.append(_row(f"{column} CCC", scores["ccc"], 0.0))
        rows.append(
            (f"{column} CCC, mean per recording", _number(scores["mean_ccc_per_recording"]), "", "0.0000")
        )
        rows.append((f"{column} RMSE", _number(scores["rmse"]), "", _number(scores["rmse_of_the_mean"])))
        if scores["collapsed"]:
            rows.append((f"{column}: the prediction hardly changes", "", "", ""))
        if scores["constant_recordings"]:
            count = len(scores["constant_recordings"])
            rows.append(
                (f"{column}: CCC of {count} constant recordings is not defined, counted 0", "", "", "")
            )
    return rows


def _row(name: str, entry: Mapping[str, Any], floor: float | None) -> tuple[str, str, str, str]:
    interval = entry["interval"]
    told = f"{interval[0]:.4f} to {interval[1]:.4f}" if interval else ""
    return name.replace("_", " "), _number(entry["value"]), told, "" if floor is None else _number(floor)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
