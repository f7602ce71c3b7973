"""Which convention gives a number: scores in this field differ more by convention than by method.

Of a figure that somebody else's evaluator prints, this says whether it is the official one, and if it is not,
which of the well-known other formulas gives it: CCC with unequal divisors (n - 1 for the covariance and n for
the variances, as `np.cov` beside `np.var`), CCC per video, F1 over the classes that happen to be present, F1
of action units with the absent class averaged in, and so on.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from facsight.core.errors import BadRecipe
from facsight.functional.agreement import concordance_of, pearson_of
from facsight.functional.moments import Moments, pooled
from facsight.metrics.classification import class_f1, class_recall
from facsight.scoring.tallies import SpaceTally


def explain_claim(claimed: str, official: float, spaces: Mapping[str, SpaceTally]) -> tuple[bool, str]:
    """Whether a claimed number, to its last written digit, is the official one; and in words what it is."""
    digits = len(claimed.partition(".")[2])
    try:
        number = float(claimed)
    except ValueError as error:
        raise BadRecipe(
            f"--claimed is a number as it is written, such as 0.612, found {claimed!r}"
        ) from error

    def fits(value: float) -> bool:
        return abs(value - number) <= 0.5000001 * 10.0**-digits

    if fits(official):
        return True, f"{claimed} is the official number to its last digit"
    known = {name: value for tally in spaces.values() for name, value in conventions(tally).items()}
    meant = [name for name, value in known.items() if fits(value)]
    if not meant:
        return (
            False,
            f"{claimed} is not the official number ({official:.6f}), nor any other known convention's",
        )
    return False, f"{claimed} is not the official number ({official:.6f}); it is {', or '.join(meant)}"


def conventions(tally: SpaceTally) -> dict[str, float]:
    """Scores of other conventions than a protocol's, by what they are."""
    if tally.space.kind == "classes":
        return _of_classes(tally)
    return _of_units(tally) if tally.space.kind == "units" else _of_values(tally)


def _of_classes(tally: SpaceTally) -> dict[str, float]:
    size = len(tally.space)
    confusion = tally.total.view(size, size)
    f1, labelled = class_f1(confusion), confusion.sum(dim=1) > 0
    return {
        "accuracy": _first(tally, "accuracy"),
        "balanced accuracy (mean recall)": float(class_recall(confusion).nanmean()),
        "macro F1 over all classes of the label space": _first(tally, "macro_f1"),
        "macro F1 over the classes that are in labels or predictions only": float(f1.nanmean()),
        "macro F1 over the classes that are in the labels only": float(
            f1[labelled].nan_to_num(nan=0.0).mean()
        ),
        "F1 weighted by the labels": _first(tally, "weighted_f1"),
    }


def _of_units(tally: SpaceTally) -> dict[str, float]:
    confusion = tally.total.view(-1, 2, 2)
    f1 = class_f1(confusion).nan_to_num(nan=0.0)
    return {
        "mean F1 of the present class": float(f1[:, 1].mean()),
        "mean F1 with the absent class averaged in (binary macro)": float(f1.mean()),
        "F1 of all decisions on all units together (micro)": float(class_f1(confusion.sum(dim=0))[1]),
        "accuracy over all decisions": _first(tally, "unit_accuracy"),
    }


def _of_values(tally: SpaceTally) -> dict[str, float]:
    whole = [pooled(found) for found in tally.moments.values()]
    videos = [_each(found) for found in tally.moments.values()]
    divisors = {
        "CCC with n throughout": (0, 0),
        "CCC with n - 1 throughout": (1, 1),
        "CCC with mixed divisors: covariance by n - 1, variances by n (it can pass 1)": (1, 0),
        "CCC with mixed divisors: covariance by n, variances by n - 1": (0, 1),
    }
    known = {name: _mean([_divided(found, *less) for found in whole]) for name, less in divisors.items()}
    return known | {
        "mean over videos of their own CCC": _mean(
            [concordance_of(found, constant=0.0).mean() for found in videos]
        ),
        "Pearson's correlation, pooled": _mean([pearson_of(found, constant=0.0) for found in whole]),
        "mean over videos of their own Pearson correlation": _mean(
            [pearson_of(found, constant=0.0).mean() for found in videos]
        ),
    }


def _divided(found: Moments, covariance: int, variance: int) -> Tensor:
    """CCC with divisors n less these."""
    one, other, both = found.spreads.unbind(-1)
    apart = (found.means[..., 0] - found.means[..., 1]).square()
    spread = (one + other) / (found.count - variance)
    return 2 * both / (found.count - covariance) / (spread + apart)


def _each(found: Moments) -> Moments:
    some = found.count > 0
    return Moments(found.count[some], found.means[some], found.spreads[some])


def _first(tally: SpaceTally, score: str) -> float:
    return float(tally.scores[score](tally.total)[0])


def _mean(values: list[Tensor]) -> float:
    return float(torch.stack(values).mean())
