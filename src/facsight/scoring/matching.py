"""Predictions beside their labels: every row that counts has one, and none is of something else."""

from dataclasses import dataclass

import polars as pl

from facsight.core.errors import BadTable
from facsight.core.labels import LabelSpace
from facsight.data.predictions import Predictions
from facsight.scoring.truth import Truth

_NAMED = 4


@dataclass(frozen=True)
class Matched:
    """A row for every sample that counts: predictions, `true_...` labels and the number of its `cluster`.

    `rows` counts rows of the file, those that count, and those that do not (another split, no label).
    """

    table: pl.DataFrame
    clusters: int
    rows: dict[str, int]


def match(predictions: Predictions, truth: Truth, spaces: tuple[LabelSpace, ...]) -> Matched:
    """Predictions and labels of the rows that count; `BadTable` for missing, repeated or unknown samples."""
    predictions.refuse_strays()
    labels = [name for space in spaces for name in space.columns]
    renamed = truth.table.rename({name: f"true_{name}" for name in labels})
    table = pl.concat([renamed, predictions.table.drop("sample")], how="horizontal")
    kept = table.filter(pl.col("counts") & pl.any_horizontal(_labelled(space) for space in spaces))
    missing = kept.filter(pl.col("line").is_null())["sample"]
    if len(missing) or predictions.unknown:
        raise BadTable(_disagreement(predictions, missing, len(kept)))
    kept = kept.with_columns((pl.col("cluster").rank("dense") - 1).cast(pl.Int64))
    return Matched(
        kept,
        kept["cluster"].n_unique(),
        {
            "in the file": predictions.rows,
            "that count": len(kept),
            "of another split or without a label": predictions.rows - len(kept),
        },
    )


def of_space(matched: Matched, space: LabelSpace) -> pl.DataFrame:
    """The rows whose labels of a space are all known."""
    return matched.table.filter(_labelled(space))


def _labelled(space: LabelSpace) -> pl.Expr:
    """Whether all labels of a space are known: a row with some action units coded does not count."""
    return pl.all_horizontal(pl.col(f"true_{name}").is_not_null() for name in space.columns)


def _disagreement(predictions: Predictions, missing: pl.Series, wanted: int) -> str:
    told = [f"{predictions.path} does not fit the labels:"]
    if len(missing):
        named = ", ".join(repr(name) for name in missing[:_NAMED])
        more = " ..." if len(missing) > _NAMED else ""
        told.append(f"  expected predictions of {wanted} samples, {len(missing)} are missing: {named}{more}")
    if predictions.unknown:
        named = ", ".join(f"line {line}: {name!r}" for line, name in predictions.unknown_named[:_NAMED])
        more = " ..." if predictions.unknown > _NAMED else ""
        told.append(
            f"  {predictions.unknown} rows are of samples that the dataset does not have: {named}{more}"
        )
    advice = _alike(predictions, missing)
    return "\n".join(told + ([f"  {advice}"] if advice else []))


def _alike(predictions: Predictions, missing: pl.Series) -> str:
    """What would make unknown and missing names the same, if something simple does."""
    if not (len(missing) and predictions.unknown_named):
        return ""
    wanted = set(missing.to_list())
    name = predictions.unknown_named[0][1]
    ways = {
        "names are written with backslashes": name.replace("\\", "/"),
        "names lack .jpg": f"{name}.jpg",
        "names have an ending that the dataset's do not": name.rpartition(".")[0],
        "names have folders before them": next(
            (part for part in _without_folders(name) if part in wanted), ""
        ),
        "the person is missing: names of two people in a video end in _left and _right": _with_person(
            name, wanted
        ),
    }
    return next((f"it seems that {what}" for what, meant in ways.items() if meant and meant in wanted), "")


def _without_folders(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[k:]) for k in range(1, len(parts))]


def _with_person(name: str, wanted: set[str]) -> str:
    video, _, frame = name.rpartition("/")
    return next((one for side in ("left", "right") if (one := f"{video}_{side}/{frame}") in wanted), "")
