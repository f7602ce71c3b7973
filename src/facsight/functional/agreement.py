"""How well two series of the same quantity agree."""

from jaxtyping import Float
from torch import Tensor

from facsight.functional.similarity import centred_cosine


def pearson(one: Float[Tensor, "*batch n"], other: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch"]:
    """Pearson's correlation over the last axis: the centred cosine of two series.

    In [-1, 1]; blind to a shift and to a positive factor between the two. NaN where one of them is constant.
    Double precision.
    """
    return centred_cosine(one.double().unsqueeze(-2), other.double().unsqueeze(-2))


def concordance(one: Float[Tensor, "*batch n"], other: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch"]:
    r"""Lin's concordance correlation over the last axis: Pearson's, less where means or spreads differ.

    .. math:: \rho \, \frac{2 s_x s_y}{s_x^2 + s_y^2 + (\bar x - \bar y)^2}

    Lin, "A concordance correlation coefficient to evaluate reproducibility", Biometrics 45, 1989, with
    variances of the population (divided by n), as challenges on valence and arousal have them. In [-1, 1]: 1
    only for equal series, never farther from 0 than Pearson's. NaN where one is constant. Double precision.

    >>> import torch
    >>> concordance(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 3.0, 4.0])).round(decimals=4)
    tensor(0.5714, dtype=torch.float64)
    """
    one, other = one.double(), other.double()
    spreads = one.var(dim=-1, correction=0), other.var(dim=-1, correction=0)
    apart = (one.mean(dim=-1) - other.mean(dim=-1)).square()
    return pearson(one, other) * 2 * (spreads[0] * spreads[1]).sqrt() / (spreads[0] + spreads[1] + apart)
