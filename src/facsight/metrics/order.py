"""Whether predictions and labels list the same things in the same order: by their names, and by the numbers.

Label orders differ between datasets, tools and releases of one dataset. A permuted order costs no error
message, only the score.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Num, Shaped
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from facsight.core.errors import BadLabels
from facsight.core.labels import ALIASES

#: How much the mean correlation must gain by exchanging names before an exchange is suspected.
SUSPICIOUS = 0.1


def check_order(found: Sequence[str], expected: Sequence[str]) -> None:
    """Refuse names that are not `expected`, in that order; spelling is forgiven ("AU01", "happy", "Sad_ly").

    `BadLabels` names what is missing, or the order that would be right.
    """
    theirs, ours = [_plain(name) for name in found], [_plain(name) for name in expected]
    if theirs == ours:
        return
    if sorted(theirs) != sorted(ours):
        missing = [name for name, plain in zip(expected, ours, strict=True) if plain not in theirs]
        unknown = [name for name, plain in zip(found, theirs, strict=True) if plain not in ours]
        raise BadLabels(
            f"expected {_listed(expected)}; missing: {_listed(missing)}; unknown: {_listed(unknown)}"
        )
    order = [theirs.index(name) for name in ours]
    raise BadLabels(
        f"expected the order {_listed(expected)}, found {_listed(found)}: take columns {order}, in this order"
    )


def suspected_exchange(likeness: Float[Tensor, "predicted truth"], names: Sequence[str]) -> str | None:
    """What to tell of names that fit far better when exchanged; None where nothing is suspected.

    `likeness` holds the correlation of each predicted thing with each true one; NaN counts as 0. The best
    one-to-one assignment (Kuhn 1955, "The Hungarian method for the assignment problem") is suspected where
    its mean is above that of the given one by more than 0.1. A reader that knows nothing is not suspected:
    its correlations are all near 0.
    """
    table = likeness.double().nan_to_num(nan=0.0).numpy()
    rows, columns = linear_sum_assignment(table, maximize=True)
    straight, best = float(np.trace(table)) / len(names), float(table[rows, columns].mean())
    if best - straight <= SUSPICIOUS:
        return None
    moved = [f"{names[p]} for {names[t]}" for p, t in zip(rows, columns, strict=True) if p != t]
    return (
        f"predictions would fit far better (mean correlation {best:.2f} instead of {straight:.2f}) "
        f"if they named {', '.join(moved)}: is the order of the labels right?"
    )


def class_likeness(confusion: Num[Tensor, "truth predicted"]) -> Float[Tensor, "predicted truth"]:
    """Correlation of "is predicted as p" with "is truly t", over rows; NaN for what never or always is."""
    counts = confusion.double()
    return _correlations(counts.T, counts.sum(dim=0), counts.sum(dim=1), counts.sum())


def unit_likeness(
    predicted: Shaped[Tensor, "n unit"], truth: Shaped[Tensor, "n unit"], *, rows_at_once: int = 1 << 16
) -> Float[Tensor, "predicted truth"]:
    """Correlation of each predicted unit, 0 or 1, with each true one, over rows."""
    units = truth.shape[1]
    both, ones, others = (torch.zeros(shape).double() for shape in ((units, units), units, units))
    for some, right in zip(predicted.split(rows_at_once), truth.split(rows_at_once), strict=True):
        one, other = some.float(), right.float()  # sums of 65,536 ones are exact in single precision
        both += (one.T @ other).double()
        ones += one.sum(dim=0).double()
        others += other.sum(dim=0).double()
    return _correlations(both, ones, others, torch.tensor(len(truth)).double())


def column_likeness(
    predicted: Float[Tensor, "n column"], truth: Float[Tensor, "n column"]
) -> Float[Tensor, "predicted truth"]:
    """Pearson's correlation of each predicted column with each true one; NaN for constant columns."""
    one, other = (
        (values - values.mean(dim=0)) / (values.std(dim=0, correction=0) * len(values) ** 0.5)
        for values in (predicted.double(), truth.double())
    )
    return one.T @ other


def _correlations(both: Tensor, ones: Tensor, others: Tensor, rows: Tensor) -> Tensor:
    """Of indicators, from how often one, the other and both are 1."""
    spreads = (ones * (rows - ones)).sqrt().unsqueeze(1) * (others * (rows - others)).sqrt()
    return (rows * both - ones.unsqueeze(1) * others) / spreads


def _plain(name: str) -> str:
    word = "".join(letter for letter in name.casefold() if letter.isalnum())
    if word.startswith("au") and word[2:].isdigit():
        return f"au{int(word[2:])}"
    return ALIASES.get(word, word)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
