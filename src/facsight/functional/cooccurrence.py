"""How columns of a table go together."""

import torch
from jaxtyping import Float
from torch import Tensor


def correlations(table: Float[Tensor, "row column"]) -> Float[Tensor, "column column"]:
    r"""Pearson's correlation of every two columns, over the rows where both are known (not NaN).

    .. math:: r_{ij} = \frac{\sum_n (x_{ni} - \bar x_i)(x_{nj} - \bar x_j)}
        {\sqrt{\sum_n (x_{ni} - \bar x_i)^2 \sum_n (x_{nj} - \bar x_j)^2}}

    For columns of 0 and 1 that is phi. 1 on the diagonal; 0 where a column does not vary over those rows, or
    none are known.

    >>> correlations(torch.tensor([[1.0, 1.0], [0.0, 0.0], [1.0, 1.0], [0.0, 1.0]]))
    tensor([[1.0000, 0.5774],
            [0.5774, 1.0000]])
    """
    known = table.isfinite().double()
    values = table.double().nan_to_num()
    # a shift by a column's mean changes no correlation, and keeps large numbers from cancelling
    values = (values - values.sum(dim=0) / known.sum(dim=0).clamp(min=1)) * known
    rows = (known.T @ known).clamp(min=1)
    sums = values.T @ known
    covariance = values.T @ values / rows - (sums / rows) * (sums.T / rows)
    variance = ((values.square().T @ known) / rows - (sums / rows).square()).clamp(min=0)
    scale = (variance * variance.T).sqrt()
    found = torch.where(scale > 1e-12, covariance / scale.clamp(min=1e-12), 0.0)
    return found.clamp(-1, 1).fill_diagonal_(1.0).to(table.dtype)
