"""How far two tables agree on the faces that both have, quantity by quantity.

Frames of one video are alike, so nothing here is a test: the figures describe the rows at hand.
"""

import math
import re
from dataclasses import dataclass

import polars as pl
import torch
from torch import Tensor

from facsight.analysis.pairing import pair
from facsight.core.errors import BadTable
from facsight.functional.agreement import concordance, pearson
from facsight.metrics.classification import accuracy, cohen_kappa, confusion_matrix

#: The sentence that goes with the figures wherever they are shown.
NO_TEST = (
    "Frames of one video are alike, so n is no number of independent observations: "
    "these figures describe these rows, they are no test."
)
_SCHEMA = {
    "quantity": pl.String,
    "n": pl.Int64,
    **dict.fromkeys(("pearson", "concordance", "mean_difference", "sd_difference"), pl.Float64),
    **dict.fromkeys(("agreement", "kappa"), pl.Float64),
}
_CLASSES = re.compile(r"label|AU\d\d_presence")
#: Files that a complaint names.
_NAMED = 3


@dataclass(frozen=True)
class Agreement:
    """How two tables compare.

    `rows`: a row a quantity with `n` pairs that have it: of numbers Pearson's r, Lin's concordance, mean and
    standard deviation (n - 1) of the differences, first minus second; of labels and presence the share that
    is the same, and Cohen's kappa. `pairs` of faces; `faces` in each table, with a partner and without.
    """

    rows: pl.DataFrame
    pairs: int
    faces: tuple[int, int]


def agree(ours: pl.DataFrame, theirs: pl.DataFrame) -> Agreement:
    """Compare two tables as `other_tables` reads them; `BadTable` where no face of one is in the other."""
    pairs = pair(ours, theirs)
    faces = tuple(int((table["status"] == "ok").sum()) for table in (ours, theirs))
    if pairs.is_empty():
        raise BadTable(
            "expected two tables of the same faces, found none that is in both: "
            f"{_told(ours, faces[0])}, {_told(theirs, faces[1])}"
        )
    one, other = ours[pairs["ours"]], theirs[pairs["theirs"]]
    shared = [name for name in one.columns if name in other.columns and _compared(one[name], other[name])]
    rows = [row for name in shared if (row := _row(one[name], other[name]))["n"]]
    return Agreement(pl.DataFrame(rows, schema=_SCHEMA, orient="row"), len(pairs), (faces[0], faces[1]))


def _told(table: pl.DataFrame, faces: int) -> str:
    files = table["file"].unique(maintain_order=True).drop_nulls().to_list()
    more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
    return f"{faces} faces in {', '.join(files[:_NAMED]) or 'no file'}{more}"


def _compared(one: pl.Series, other: pl.Series) -> bool:
    """Whether a column holds what was measured: that is floating, what counts or names rows is not."""
    numbers = one.dtype.is_float() and other.dtype.is_float() and one.name != "time"
    return numbers or _CLASSES.fullmatch(one.name) is not None


def _row(one: pl.Series, other: pl.Series) -> dict[str, float | int | str | None]:
    known = one.is_not_null() & other.is_not_null()
    one, other = one.filter(known), other.filter(known)
    scores = (_of_classes if _CLASSES.fullmatch(one.name) else _of_numbers)(one, other) if len(one) else {}
    finite = {name: float(score) for name, score in scores.items() if math.isfinite(score)}
    return {"quantity": one.name, "n": len(one), **finite}


def _of_numbers(one: pl.Series, other: pl.Series) -> dict[str, Tensor]:
    first, second = (torch.tensor(series.to_numpy(), dtype=torch.float64) for series in (one, other))
    apart = first - second
    spread = apart.std() if len(apart) > 1 else apart.new_tensor(math.nan)
    return {
        "pearson": pearson(first, second),
        "concordance": concordance(first, second),
        "mean_difference": apart.mean(),
        "sd_difference": spread,
    }


def _of_classes(one: pl.Series, other: pl.Series) -> dict[str, Tensor]:
    names = sorted({*one, *other})
    first, second = (torch.tensor([names.index(value) for value in series]) for series in (one, other))
    confusion = confusion_matrix(first, second, classes=len(names))
    return {"agreement": accuracy(first, second), "kappa": cohen_kappa(confusion)}
