"""How alike two maps over places are."""

import torch
from jaxtyping import Float
from torch import Tensor


def cosine(
    maps: Float[Tensor, "*batch height width"], truth: Float[Tensor, "*batch height width"]
) -> Float[Tensor, "*batch"]:
    r"""Cosine of the angle between each map and its truth, over places.

    .. math:: \frac{\sum_p m_p t_p}{\sqrt{\sum_p m_p^2} \sqrt{\sum_p t_p^2}}

    Belharbi et al., "Guided interpretable facial expression recognition via spatial action unit cues",
    FG 2024, use it to guide and to score. In [-1, 1]; blind to positive scaling, not to a shift: a constant
    map scores far above 0 against any map of one sign. A zero map has no direction: NaN, and so is its
    gradient, so select the valid rows first. Half precision is computed in single.

    >>> truth = torch.tensor([[3.0, 4.0]])
    >>> cosine(torch.tensor([[4.0, 3.0]]), truth), cosine(torch.zeros(1, 2), truth)
    (tensor(0.9600), tensor(nan))
    """
    return (_direction(maps) * _direction(truth)).sum(dim=(-2, -1))


def centred_cosine(
    maps: Float[Tensor, "*batch height width"], truth: Float[Tensor, "*batch height width"]
) -> Float[Tensor, "*batch"]:
    r"""Cosine after each map's mean over places is taken off: Pearson's correlation over places.

    .. math:: \frac{\sum_p (m_p - \bar m)(t_p - \bar t)}
        {\sqrt{\sum_p (m_p - \bar m)^2} \sqrt{\sum_p (t_p - \bar t)^2}}

    In [-1, 1]; blind to positive scaling and to a shift. A constant map says nothing about places: NaN, and
    so is its gradient, so select the valid rows first.

    >>> ramp = torch.tensor([[0.0, 1.0, 2.0]])
    >>> centred_cosine(5 - ramp, ramp).round(decimals=3), centred_cosine(torch.full((1, 3), 0.1), ramp)
    (tensor(-1.), tensor(nan))
    """
    return cosine(_centred(_at_least_single(maps)), _centred(_at_least_single(truth)))


def rank_correlation(
    maps: Float[Tensor, "*batch height width"], truth: Float[Tensor, "*batch height width"]
) -> Float[Tensor, "*batch"]:
    """Spearman's: the centred cosine of the places' ranks, ties at their mean; NaN for a constant map.

    Blind to any change of the maps that keeps the order of places. Double precision. NaN if a place is not
    finite.
    """
    ranks = (average_ranks(m.double().flatten(-2)).view_as(m) for m in (maps, truth))
    known = maps.isfinite().all(dim=(-2, -1)) & truth.isfinite().all(dim=(-2, -1))
    return torch.where(known, centred_cosine(*ranks), torch.nan)


def average_ranks(values: Float[Tensor, "*batch place"]) -> Float[Tensor, "*batch place"]:
    """The place of each value in its sorted row, from 1; equal values share the mean of their places.

    >>> average_ranks(torch.tensor([5.0, 1.0, 5.0, 2.0]))
    tensor([3.5000, 1.0000, 3.5000, 2.0000])
    """
    rows = values.contiguous()
    ordered = rows.sort(dim=-1).values
    below = torch.searchsorted(ordered, rows)
    up_to = torch.searchsorted(ordered, rows, right=True)
    return (below + up_to + 1).to(values) / 2


def mean_correlations(
    maps: Float[Tensor, "source n height width"],
) -> Float[Tensor, "source source"]:
    """How alike several sources' maps of the same faces are: mean over faces of the centred cosine.

    Row and column say the source (a model, a method); the diagonal is 1. A face without a map, or with a
    constant one, in one of two sources is left out for those two; NaN if none is left. Double precision.
    """
    directions = _direction(_centred(maps.double())).flatten(2).transpose(0, 1)
    usable = directions.isfinite().all(dim=2)
    directions = torch.where(usable.unsqueeze(2), directions, 0.0)
    both = usable.double()
    return (directions @ directions.mT).sum(dim=0) / (both.mT @ both)


def _direction(maps: Tensor) -> Tensor:
    """Maps of length 1. Divided by their peak first, so that squares neither overflow nor vanish."""
    maps = _at_least_single(maps)
    maps = maps / maps.detach().abs().amax(dim=(-2, -1), keepdim=True)
    return maps / maps.square().sum(dim=(-2, -1), keepdim=True).sqrt()


def _centred(maps: Tensor) -> Tensor:
    """Maps minus their mean; exactly zero where what is left is the rounding error of the mean."""
    centred = maps - maps.mean(dim=(-2, -1), keepdim=True)
    rounding = 32 * torch.finfo(maps.dtype).eps
    peak, rest = (m.detach().abs().amax(dim=(-2, -1), keepdim=True) for m in (maps, centred))
    return torch.where(rest > rounding * peak, centred, 0.0)


def _at_least_single(maps: Tensor) -> Tensor:
    return maps.to(torch.promote_types(maps.dtype, torch.float32))
