"""Maps of where action units act on a face, drawn from its 68 landmarks at any resolution.

One vectorised, differentiable call for a whole batch; the action-unit axis is kept, so that maps can be
joined into a map of an expression afterwards, and attention can be divided among units.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from facsight.facs.regions import REGIONS, face_unit, region_spots

#: Spots are widened by half a cell of the map (variance 1/4 cell): see `render_au_maps`.
SAMPLING_VARIANCE = 0.25

#: Exponents stop here: exp(-40) is nothing, but products of two stay normal numbers, which are ten times
#: faster to multiply than the subnormal ones beyond exp(-87).
FARTHEST = 40.0

#: Faces whose maps are joined together for all classes: every face takes classes x units maps for a moment.
FACES_AT_ONCE = 8


@dataclass(frozen=True, eq=False)
class AuMaps:
    """One map per face and action unit, in [0, 1], and whether there is one.

    Where `valid` is False the landmarks that the unit needs are missing, or most of its region lies outside
    the crop; its map is zero then and means nothing. `action_units` are the FACS numbers along the unit axis.
    """

    maps: Float[Tensor, "batch au h w"]
    valid: Bool[Tensor, "batch au"]
    action_units: tuple[int, ...]


def render_au_maps(
    landmarks: Float[Tensor, "batch point=68 xy=2"],
    size: tuple[int, int],
    *,
    extent: tuple[int, int],
    action_units: Sequence[int] | None = None,
) -> AuMaps:
    r"""Draw the region of each action unit on each face, at `size` = (height, width).

    `landmarks` are pixels of a crop of `extent` = (height, width) pixels, NaN where missing. In units of the
    map's cells, a region is the sum of its spots (see `facs.regions`), scaled to a peak of one:

    .. math:: A(p) \propto \sum_s \exp\left(-\frac{\lVert p - c_s \rVert^2}{2 (r^2 + 1/4)}\right)

    The 1/4 widens every spot by half a cell. Sampling at cell centres then misses nothing, however thin the
    region and coarse the map: by Poisson's summation formula the samples of a Gaussian whose standard
    deviation is at least half the sampling distance sum to its integral within 2 exp(-π²/2) = 1.4 % an axis.

    `action_units` defaults to all that have a region; `UnknownName` names one that has none. Differentiable
    in `landmarks`; never NaN. A unit is valid if its landmarks are all there, and at least half of its spots
    lie inside the crop.
    """
    units = tuple(action_units) if action_units is not None else tuple(REGIONS)
    dtype = torch.promote_types(landmarks.dtype, torch.float32)
    with torch.autocast(landmarks.device.type, enabled=False):
        combinations, radii = (part.to(landmarks.device, dtype) for part in region_spots(units))
        present = landmarks.isfinite().all(dim=-1)
        points = torch.where(present[..., None], landmarks.to(dtype), 0.0)
        needed = _needed(units).to(landmarks.device, dtype)
        complete = (~present).to(dtype) @ needed.T == 0
        unit, measurable = _measure(points, present)
        centres = torch.einsum("asp,bpx->xbas", combinations, points)
        valid = complete & measurable[:, None] & _mostly_inside(centres, extent)
        return AuMaps(_draw(centres, unit[:, None] * radii, valid, size, extent), valid, units)


@lru_cache(maxsize=64)
def _needed(action_units: tuple[int, ...]) -> Bool[Tensor, "au point"]:
    """Which landmarks each unit's region stands on."""
    return region_spots(action_units)[0].ne(0).any(dim=1)


def _measure(
    points: Float[Tensor, "batch point xy"], present: Bool[Tensor, "batch point"]
) -> tuple[Float[Tensor, "batch"], Bool[Tensor, "batch"]]:
    """The face unit, and whether it could be measured."""
    unit = face_unit(torch.where(present[..., None], points, torch.nan))
    measurable = unit > 0
    return torch.where(measurable, unit, 1.0), measurable


def _mostly_inside(
    centres: Float[Tensor, "xy batch au spot"], extent: tuple[int, int]
) -> Bool[Tensor, "batch au"]:
    (height, width), (x, y) = extent, centres
    inside = (x >= 0) & (x <= width) & (y >= 0) & (y <= height)
    return 2 * inside.sum(dim=-1) >= inside.shape[-1]


def _draw(
    centres: Float[Tensor, "xy batch au spot"],
    radii: Float[Tensor, "batch au"],
    valid: Bool[Tensor, "batch au"],
    size: tuple[int, int],
    extent: tuple[int, int],
) -> Float[Tensor, "batch au h w"]:
    """The sum of the spots, each the product of its profiles along x and y: one batched matrix product."""
    cell = centres.new_tensor([extent[1] / size[1], extent[0] / size[0]])[:, None, None, None]
    middles = centres / cell
    sharpness = (2 * ((radii[..., None] / cell).square() + SAMPLING_VARIANCE)).rsqrt().expand_as(middles)
    across, down = (_profile(m, s, n) for m, s, n in zip(middles, sharpness, (size[1], size[0]), strict=True))
    batch, au, spot = middles.shape[1:]
    scale = torch.where(valid, 1 / _peak(middles, sharpness), 0.0).reshape(-1, 1, 1)
    maps = torch.bmm(
        down.view(size[0], -1, spot).transpose(0, 1) * scale, across.view(size[1], -1, spot).permute(1, 2, 0)
    )
    return maps.clamp_(max=1).view(batch, au, *size)


def _profile(middles: Tensor, sharpness: Tensor, cells: int) -> Float[Tensor, "cell spots"]:
    """A Gaussian of each spot at the centres of a row of cells; cells come first to keep memory in order."""
    places = torch.arange(cells, dtype=middles.dtype, device=middles.device)[:, None] + 0.5
    sharpness = sharpness.reshape(-1)
    offset = torch.addcmul(-middles.reshape(-1) * sharpness, places, sharpness)
    return offset.square().clamp_(max=FARTHEST).neg_().exp_()


def _peak(
    middles: Float[Tensor, "xy batch au spot"], sharpness: Float[Tensor, "xy batch au spot"]
) -> Float[Tensor, "batch au"]:
    """The largest value of the sum of spots at the spots' own centres."""
    apart = (middles[..., None] - middles[..., None, :]) * sharpness[..., None]
    return apart.square().sum(dim=0).neg().exp().sum(dim=-1).amax(dim=-1)


def expression_maps(
    au: AuMaps, weights: Float[Tensor, "class au"], *, union: Literal["max", "sum"] = "max"
) -> tuple[Float[Tensor, "batch class h w"], Bool[Tensor, "batch class"]]:
    """Join the maps of each class's action units; `weights` come from `Codebook.weights`.

    "max" takes, at each place, the largest weighted map (Belharbi et al. 2024); "sum" the weighted mean.
    Units that are not valid are left out; a class is valid if a unit with a weight is left. Its map is zero
    otherwise.
    """
    parts = zip(au.maps.split(FACES_AT_ONCE), au.valid.split(FACES_AT_ONCE), strict=True)
    joined = [_join(maps.unsqueeze(1), valid.unsqueeze(1), weights, union) for maps, valid in parts]
    maps, valid = zip(*joined, strict=True)
    return torch.cat(maps), torch.cat(valid)


def label_maps(
    landmarks: Float[Tensor, "batch point=68 xy=2"],
    weights: Float[Tensor, "batch au"],
    size: tuple[int, int],
    *,
    extent: tuple[int, int],
    action_units: Sequence[int],
    union: Literal["max", "sum"] = "max",
) -> tuple[Float[Tensor, "batch h w"], Bool[Tensor, "batch"]]:
    """One joined map per face, each with its own weights: `weights` holds the row of the face's label."""
    au = render_au_maps(landmarks, size, extent=extent, action_units=action_units)
    return _join(au.maps, au.valid, weights, union)


def _join(
    maps: Float[Tensor, "*#joined au h w"],
    valid: Bool[Tensor, "*#joined au"],
    weights: Float[Tensor, "*#joined au"],
    union: Literal["max", "sum"],
) -> tuple[Float[Tensor, "*joined h w"], Bool[Tensor, "*joined"]]:
    """Join the last units axis; the axes before it broadcast."""
    counted = torch.where(valid, weights.to(maps), 0.0)
    total = counted.sum(dim=-1)
    if union == "max":
        joined = (maps * counted[..., None, None]).amax(dim=-3)
    else:
        shares = counted / torch.where(total > 0, total, 1.0)[..., None]
        joined = (maps * shares[..., None, None]).sum(dim=-3)
    return joined, total > 0
