"""How alike several raters' numbers for the same targets are, beside how much the targets differ."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.functional.moments import Moments

#: McGraw and Wong's names; in Shrout and Fleiss's: (1,1) (2,1) (3,1) (1,k) (2,k) (3,k).
Form = Literal["1", "A,1", "C,1", "k", "A,k", "C,k"]


def intraclass(ratings: Float[Tensor, "*batch target rater"], form: Form) -> Float[Tensor, "*batch"]:
    """Intraclass correlation from the mean squares of a table of targets by raters.

    ```
    1, k       raters differ from target to target (one-way); k: of the mean of all raters
    A,1  A,k   absolute agreement: what one rater gives more than another counts against them
    C,1  C,k   consistency: it does not
    ```

    McGraw and Wong, "Forming inferences about some intraclass correlation coefficients", Psychological
    Methods 1, 1996, table 4; Shrout and Fleiss, "Intraclass correlations", Psychological Bulletin 86, 1979.
    At most 1, and below 0 where targets differ less than raters do. Action unit intensities are commonly
    scored by C,1 = (3,1). NaN for fewer than two targets or raters, and where all ratings are equal; a
    constant rater beside one that is not gives a number, 0 for C,1. Double precision.

    >>> shift = torch.tensor([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]])
    >>> intraclass(shift, "C,1"), intraclass(shift, "A,1").round(decimals=4)
    (tensor(1., dtype=torch.float64), tensor(0.6667, dtype=torch.float64))
    """
    table = ratings.double()
    targets, raters = table.shape[-2:]
    grand = table.mean(dim=(-2, -1), keepdim=True)
    by_target, by_rater = table.mean(dim=-1, keepdim=True), table.mean(dim=-2, keepdim=True)
    rest = (table - by_target - by_rater + grand).square().sum(dim=(-2, -1))
    between = raters * (by_target - grand).square().sum(dim=(-2, -1))
    apart = targets * (by_rater - grand).square().sum(dim=(-2, -1))
    return _coefficient(between, apart, rest, torch.full_like(rest, targets), raters, form)


def intraclass_of(found: Moments, form: Form) -> Float[Tensor, "*batch"]:
    """The same for two raters whose ratings have these moments."""
    one, other, both = found.spreads.unbind(-1)
    apart = found.count * (found.means[..., 0] - found.means[..., 1]).square() / 2
    between, rest = (one + other) / 2 + both, (one + other) / 2 - both
    return _coefficient(between, apart, rest, found.count, 2, form)


def _coefficient(
    between: Tensor, apart: Tensor, rest: Tensor, targets: Tensor, raters: int, form: Form
) -> Float[Tensor, "*batch"]:
    """From sums of squares: between targets, between raters, and what neither explains."""
    target = between / (targets - 1)
    if form in ("1", "k"):
        error, bias = (apart + rest) / (targets * (raters - 1)), torch.zeros_like(rest)
    else:
        error = rest / ((targets - 1) * (raters - 1))
        bias = (apart / (raters - 1) - error) / targets if form.startswith("A") else torch.zeros_like(rest)
    if form in ("1", "A,1", "C,1"):
        return (target - error) / (target + (raters - 1) * error + raters * bias)
    return (target - error) / (target + bias)
