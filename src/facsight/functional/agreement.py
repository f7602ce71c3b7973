"""How well two series of the same quantity agree.

Everything is in double precision and over the last axis. `mask` says which pairs count; what it leaves out
may be anything. `constant` is the convention for a series that never changes, where a correlation says
nothing: NaN unless told otherwise; challenges count 0.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from facsight.functional.moments import Moments, moments


def pearson(
    one: Float[Tensor, "*batch n"],
    other: Float[Tensor, "*batch n"],
    *,
    mask: Bool[Tensor, "*batch n"] | None = None,
    constant: float = math.nan,
) -> Float[Tensor, "*batch"]:
    """Pearson's correlation: the centred cosine of two series.

    In [-1, 1]; blind to a shift and to a positive factor between the two. `constant` where one of them is
    constant; NaN without pairs.
    """
    return pearson_of(moments(one, other, mask), constant=constant)


def concordance(
    one: Float[Tensor, "*batch n"],
    other: Float[Tensor, "*batch n"],
    *,
    mask: Bool[Tensor, "*batch n"] | None = None,
    constant: float = math.nan,
) -> Float[Tensor, "*batch"]:
    r"""Lin's concordance correlation: Pearson's, less where means or spreads differ.

    .. math:: \frac{2 s_{xy}}{s_x^2 + s_y^2 + (\bar x - \bar y)^2}

    Lin, "A concordance correlation coefficient to evaluate reproducibility", Biometrics 45, 1989, with
    covariance and variances of the population (all divided by n), as challenges on valence and arousal have
    them. In [-1, 1]: 1 only for equal series, never farther from 0 than Pearson's. `constant` where one
    series is constant (the formula gives 0, or 0 / 0 for two equal ones); NaN without pairs.

    >>> concordance(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 3.0, 4.0])).round(decimals=4)
    tensor(0.5714, dtype=torch.float64)
    """
    return concordance_of(moments(one, other, mask), constant=constant)


def pearson_of(found: Moments, *, constant: float = math.nan) -> Float[Tensor, "*batch"]:
    """Pearson's correlation of what has these moments."""
    one, other, both = found.spreads.unbind(-1)
    return _told(both / (one.sqrt() * other.sqrt()), found, constant)


def concordance_of(found: Moments, *, constant: float = math.nan) -> Float[Tensor, "*batch"]:
    """Lin's concordance correlation of what has these moments."""
    one, other, both = found.spreads.unbind(-1)
    apart = found.count * (found.means[..., 0] - found.means[..., 1]).square()
    return _told(2 * both / (one + other + apart), found, constant)


def root_mean_square_error(
    one: Float[Tensor, "*batch n"],
    other: Float[Tensor, "*batch n"],
    *,
    mask: Bool[Tensor, "*batch n"] | None = None,
) -> Float[Tensor, "*batch"]:
    """Root of the mean squared difference, in the series' unit, constant or not; NaN without pairs."""
    return _mean((one.double() - other.double()).square(), mask).sqrt()


def mean_absolute_error(
    one: Float[Tensor, "*batch n"],
    other: Float[Tensor, "*batch n"],
    *,
    mask: Bool[Tensor, "*batch n"] | None = None,
) -> Float[Tensor, "*batch"]:
    """Mean absolute difference, in the series' unit, constant or not; NaN without pairs."""
    return _mean((one.double() - other.double()).abs(), mask)


def sign_agreement(
    one: Float[Tensor, "*batch n"],
    other: Float[Tensor, "*batch n"],
    *,
    mask: Bool[Tensor, "*batch n"] | None = None,
) -> Float[Tensor, "*batch"]:
    """Share of pairs with the same sign, in [0, 1]; 0 is a sign of its own. NaN without pairs.

    SAGR of Mollahosseini et al., "AffectNet", IEEE Transactions on Affective Computing 10, 2019. A constant
    series has a value, too: always the commoner sign, it agrees half the time without knowing anything.

    >>> sign_agreement(torch.tensor([0.5, -0.5, 0.0]), torch.tensor([0.1, 0.1, 0.1]))
    tensor(0.3333, dtype=torch.float64)
    """
    return _mean(one.sign().eq(other.sign()).double(), mask)


def _told(value: Tensor, found: Moments, constant: float) -> Tensor:
    """The value, held within what rounding may overstep; the convention where a series is constant."""
    flat = found.spreads[..., :2].eq(0).any(dim=-1)
    value = torch.where(flat, constant, value.clamp(-1, 1))
    return torch.where(found.count > 0, value, torch.nan)


def _mean(
    values: Float[Tensor, "*batch n"], mask: Bool[Tensor, "*batch n"] | None
) -> Float[Tensor, "*batch"]:
    if mask is None:
        return values.mean(dim=-1)
    return torch.where(mask, values, 0.0).sum(dim=-1) / mask.sum(dim=-1)
