"""Scores of a network of sequences in the terminal."""

from collections.abc import Mapping, Sequence
from math import isnan
from statistics import fmean, pstdev
from typing import Any

#: Keys of scores that are no label spaces.
ABOUT = (
    "data",
    "split",
    "recordings",
    "people",
    "modalities",
    "conventions",
    "without",
    "warning",
    "folds",
    "over_folds",
    "postprocessed",
    "datasets",
)


def print_sequence_scores(scores: Mapping[str, Any]) -> None:
    """A table a label space, beside floors; confusions, folds, and what is left without each modality."""
    from facsight.cli.screen import complain, console

    screen = console()
    people = f" of {scores['people']} people" if scores["people"] else ""
    title = f"{scores['data']}, {scores['split']}: {scores['recordings']} recordings{people}"
    for space in (name for name in scores if name not in ABOUT):
        columns = ("score", "value", "95 % interval", "floor")
        screen.print(_table(f"{title}: {space}", columns, rows_of(scores[space])))
        if after := scores.get("postprocessed"):
            screen.print(_table(f"{space}, after {after['steps']}", columns, rows_of(after[space])))
        if "confusion" in scores[space]:
            screen.print(_confusion(scores[space]))
        for dataset, own in scores.get("datasets", {}).items():
            if space in own:
                screen.print(_table(f"{space}, {dataset} only", columns, rows_of(own[space])))
    if "folds" in scores:
        screen.print(_folds(scores))
    names = list(next(iter(scores["without"].values())))
    rows = [(gone, *(_number(found[name]) for name in names)) for gone, found in scores["without"].items()]
    plain = [name.replace("_", " ") for name in names]
    screen.print(_table("with a modality missing", ("without", *plain), rows))
    screen.print(scores["conventions"], style="dim")
    if "warning" in scores:
        complain(f"warning: {scores['warning']}")


def rows_of(found: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Score, value, interval and floor of a label space, as words."""
    if "accuracy" in found:
        floors = {"accuracy": found["accuracy_of_the_most_frequent"], "balanced_accuracy": found["chance"]}
        names = ("accuracy", "macro_f1", "balanced_accuracy")
        return [_row(name, found[name], floors.get(name)) for name in names] + _spread(found)
    if "f1" in found:
        return [_row(f"{unit} F1", one, None) for unit, one in found["f1"].items()]
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


def _spread(found: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """How differently well people are read."""
    each = list(found["accuracy_per_person"].values())
    told = f"{min(each):.4f} to {max(each):.4f}, lowest to highest"
    return [("accuracy of a person, mean ± spread", f"{fmean(each):.4f} ± {pstdev(each):.4f}", told, "")]


def _confusion(found: Mapping[str, Any]) -> Any:
    rows = zip(found["classes"], found["confusion"], strict=True)
    told = [(name, *map(str, counts)) for name, counts in rows]
    return _table("true class by row, answer by column", ("", *found["classes"]), told)


def _folds(scores: Mapping[str, Any]) -> Any:
    names = list(scores["over_folds"])
    rows = [
        (str(fold["fold"]), str(len(fold["people"])), *(_number(fold["scores"][name]) for name in names))
        for fold in scores["folds"]
    ]
    over = scores["over_folds"]
    means = (f"{over[name]['mean']:.4f} ± {over[name]['spread']:.4f}" for name in names)
    plain = [name.replace("_", " ") for name in names]
    return _table("each fold", ("fold", "people", *plain), [*rows, ("mean ± spread", "", *means)])


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Any:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    return table


def _row(name: str, entry: Mapping[str, Any], floor: float | None) -> tuple[str, str, str, str]:
    interval = entry["interval"]
    told = f"{interval[0]:.4f} to {interval[1]:.4f}" if interval else ""
    return name.replace("_", " "), _number(entry["value"]), told, "" if floor is None else _number(floor)


def _number(value: float | None) -> str:
    return "-" if value is None or isnan(value) else f"{value:.4f}"
