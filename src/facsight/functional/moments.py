"""Means, spreads and products of pairs of numbers: counted apart and added up, the same as counted together.

Everything is computed in double precision. Sums of squares are always those about a point near the mean
(Chan, Golub and LeVeque, "Algorithms for computing the sample variance: analysis and recommendations", The
American Statistician 37, 1983), so that a mean that is large beside the spread costs no digits.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

#: A spread below this share of the squares that it is the rest of is rounding error: the series is constant.
#: The point squares are taken about is the mean but for rounding, so no series of doubles comes near.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Moments:
    """How many pairs there are, the means of both series, and their sums of squares and products about these.

    The last axis of `means` is (one, other), that of `spreads` (one squared, other squared, one times other);
    the axes before are those of `count`. Without pairs everything is 0.

    >>> found = moments(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 2.0]))
    >>> found.means.tolist(), found.spreads.tolist()
    ([2.0, 2.0], [2.0, 0.0, 0.0])
    """

    count: Float[Tensor, "*batch"]
    means: Float[Tensor, "*batch 2"]
    spreads: Float[Tensor, "*batch 3"]

    def sums(self, pivot: Float[Tensor, "*#batch 2"]) -> Float[Tensor, "*batch 6"]:
        """Number, and sums of both series, of their squares and products, all about `pivot`: what adds up."""
        count, off = self.count.unsqueeze(-1), self.means - pivot
        return torch.cat([count, count * off, self.spreads + count * _squares(off)], dim=-1)


def from_sums(sums: Float[Tensor, "*batch 6"], pivot: Float[Tensor, "*#batch 2"]) -> Moments:
    """The moments that have these sums about `pivot`; exact only as far as `pivot` is near the means."""
    count, total, raw = sums.split([1, 2, 3], dim=-1)
    off = torch.where(count > 0, total / count.clamp(min=torch.finfo(count.dtype).tiny), 0.0)
    spreads = raw - count * _squares(off)
    constant = spreads[..., :2] <= ROUNDING * raw[..., :2]
    flat = torch.cat([constant, constant.any(dim=-1, keepdim=True)], dim=-1)
    means = torch.where(count > 0, pivot + off, 0.0)
    return Moments(count.squeeze(-1), means, torch.where(flat, 0.0, spreads))


def moments(
    one: Float[Tensor, "*batch n"],
    other: Float[Tensor, "*batch n"],
    mask: Bool[Tensor, "*batch n"] | None = None,
) -> Moments:
    """Moments over the last axis, of the pairs that `mask` has; what it leaves out may be NaN."""
    if mask is not None:
        one, other = (torch.where(mask, series, 0.0) for series in (one.double(), other.double()))
    one, other = one.double(), other.double()
    weight = torch.ones_like(one) if mask is None else mask.double()
    count = weight.sum(dim=-1)
    some = count.clamp(min=1)
    pivot = torch.stack([one.sum(dim=-1) / some, other.sum(dim=-1) / some], dim=-1).detach()
    off, off_other = (
        (s - p.unsqueeze(-1)) * weight for s, p in zip((one, other), pivot.unbind(-1), strict=True)
    )
    products = (off, off_other, off * off, off_other * off_other, off * off_other)
    return from_sums(torch.stack([count, *(p.sum(dim=-1) for p in products)], dim=-1), pivot)


def grouped_moments(
    one: Float[Tensor, "n"], other: Float[Tensor, "n"], group: Int[Tensor, "n"], *, groups: int
) -> Moments:
    """The moments of each group of pairs; a group without any has a count of 0."""

    def added(values: Tensor) -> Tensor:
        return torch.bincount(group, values, minlength=groups).double()  # of nothing it gives integers

    one, other = one.double(), other.double()
    count = added(torch.ones_like(one))
    pivot = torch.stack([added(one), added(other)], dim=-1) / count.clamp(min=1).unsqueeze(-1)
    off, off_other = one - pivot[group, 0], other - pivot[group, 1]
    products = (off, off_other, off * off, off_other * off_other, off * off_other)
    return from_sums(torch.stack([count, *map(added, products)], dim=-1), pivot)


def merged(parts: Moments, group: Int[Tensor, "part"], *, groups: int) -> Moments:
    """The moments of everything in each group of `parts`, whose first and only axis is the parts'."""

    def added(values: Tensor) -> Tensor:
        return values.new_zeros(groups, values.shape[1]).index_add(0, group, values)

    count = parts.count.unsqueeze(-1)
    pivot = added(count * parts.means) / added(count).clamp(min=1)
    return from_sums(added(parts.sums(pivot[group])), pivot)


def joined(one: Moments, other: Moments) -> Moments:
    """The parts of both, one after the other, along their first axis."""
    return Moments(
        torch.cat([one.count, other.count]),
        torch.cat([one.means, other.means]),
        torch.cat([one.spreads, other.spreads]),
    )


def pooled(parts: Moments) -> Moments:
    """The moments of everything in all `parts`, whose first and only axis is the parts'."""
    together = merged(parts, torch.zeros_like(parts.count, dtype=torch.int64), groups=1)
    return Moments(together.count[0], together.means[0], together.spreads[0])


def no_moments() -> Moments:
    """No parts yet: what `joined` starts from."""
    return Moments(torch.zeros(0).double(), torch.zeros(0, 2).double(), torch.zeros(0, 3).double())


def _squares(off: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch 3"]:
    one, other = off.unbind(-1)
    return torch.stack([one * one, other * other, one * other], dim=-1)
