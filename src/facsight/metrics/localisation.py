"""How well the largest values of a map lie inside a region, face by face.

All scores are in double precision, in [0, 1], and NaN for a map that is not finite or where they are not
defined. A region is where a map of action units reaches half of its peak: the regions that Friesen and Ekman
name for an expression, as a mask.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from facsight.functional.similarity import average_ranks

#: Values closer than this share of the map's range count as equal: rounding of single precision.
TIED = 1e-6


def region_of(maps: Float[Tensor, "*batch height width"]) -> Bool[Tensor, "*batch height width"]:
    """Where a map reaches half of its peak; nowhere if it is zero."""
    return (maps >= maps.amax(dim=(-2, -1), keepdim=True) / 2) & (maps > 0)


def area_under_curve(
    maps: Float[Tensor, "n height width"], region: Bool[Tensor, "n height width"]
) -> Float[Tensor, "n"]:
    r"""Chance that a place inside the region has a larger value than one outside, ties counted as half.

    .. math:: \frac{\sum_{p \in R} r_p - |R| (|R| + 1) / 2}{|R| \, |\bar R|}

    with ranks r from 1, ties at their mean (Hanley and McNeil 1982; Mann and Whitney 1947). 0.5 for a map
    that says nothing. NaN for a region of no place or of all.
    """
    inside = region.flatten(1).double()
    size = inside.sum(dim=1)
    outside = inside.shape[1] - size
    above = (average_ranks(maps.flatten(1).double()) * inside).sum(dim=1) - size * (size + 1) / 2
    return _where_known(maps, above / (size * outside))


def energy_inside(
    maps: Float[Tensor, "n height width"], region: Bool[Tensor, "n height width"]
) -> Float[Tensor, "n"]:
    """Share of the map's sum that lies inside the region; negative values are shifted up to 0 first.

    Wang et al., "Score-CAM", CVPR Workshops 2020, section 4.3. A constant map scores the region's share of
    the picture; a zero map has no sum and is NaN.
    """
    mass = maps.double()
    mass = (mass - mass.amin(dim=(1, 2), keepdim=True).clamp(max=0)).flatten(1)
    share = (mass * region.flatten(1)).sum(dim=1) / mass.sum(dim=1)
    return _where_known(maps, torch.where(region.flatten(1).any(dim=1), share, torch.nan))


def pointing_game(
    maps: Float[Tensor, "n height width"], region: Bool[Tensor, "n height width"]
) -> Float[Tensor, "n"]:
    """Whether the map's largest value lies inside the region: 1 or 0, shared among places that tie for it.

    Zhang et al., "Top-down neural attention by excitation backprop", IJCV 2018, section 4.1, which allows 15
    pixels around the region; here none, the region's edge being soft already. Values within 1e-6 of the map's
    range below the largest tie: a constant map scores the region's share of the picture.
    """
    flat, inside = maps.flatten(1).double(), region.flatten(1)
    largest = flat >= flat.amax(dim=1, keepdim=True) - _rounding(flat)
    hit = (largest & inside).sum(dim=1).double() / largest.sum(dim=1)
    return _where_known(maps, torch.where(inside.any(dim=1), hit, torch.nan))


def intersection_over_union(
    maps: Float[Tensor, "n height width"], region: Bool[Tensor, "n height width"]
) -> Float[Tensor, "n"]:
    r"""Overlap of the region with the map's largest values, as many as the region has places.

    .. math:: \frac{|T \cap R|}{|T \cup R|}, \qquad |T| = |R|

    Both areas being equal, the map's scale and threshold do not matter. Places that tie for the last places
    of T (within 1e-6 of the map's range) are each taken in part: a constant map scores k / (2N - k) for a
    region of k of N places.
    """
    flat, inside = maps.flatten(1).double(), region.flatten(1)
    size = inside.sum(dim=1)
    last = flat.sort(dim=1, descending=True).values.gather(1, (size - 1).clamp(min=0).unsqueeze(1))
    rounding = _rounding(flat)
    above = flat > last + rounding
    tied = (flat >= last - rounding) & ~above
    share = (size - above.sum(dim=1)).double() / tied.sum(dim=1)
    both = (above & inside).sum(dim=1) + share * (tied & inside).sum(dim=1)
    return _where_known(maps, both / torch.where(size > 0, 2 * size - both, torch.nan))


def _rounding(flat: Float[Tensor, "n place"]) -> Float[Tensor, "n 1"]:
    return TIED * (flat.amax(dim=1, keepdim=True) - flat.amin(dim=1, keepdim=True))


def _where_known(maps: Tensor, values: Tensor) -> Tensor:
    return torch.where(maps.flatten(1).isfinite().all(dim=1), values, torch.nan)
