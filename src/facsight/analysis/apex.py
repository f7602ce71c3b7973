"""Where a brief expression is strongest: the apex of a clip, by what moved since its first frame.

Source   apex spotting on regions of the face: Liong, See, Wong, Le Ngo, Oh and Phan, "Automatic apex frame
         spotting in micro-expression database", ACPR 2015; strain: Shreve et al., FG 2011
Differs  TV-L1 flow from the first frame, which is taken to be at rest, to every other; the frame with the
         highest curve is taken, where that paper divides and conquers; the lids are left out, as blinks move
         more than any brief expression does; squares are averaged, so that what moves locally counts
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float64, Num
from torch import Tensor

from facsight.core.errors import BadFaces, BadRecipe
from facsight.functional.optical_flow import flow_between, strain
from facsight.functional.temporal import gaussian
from facsight.nn.pixels import grey

#: What a curve is of: flow without that of the nose, which is the head's; strain; grey levels that differ.
Measure = Literal["flow", "strain", "difference"]
#: Parts of an aligned crop, shares of its side: left, top, right, bottom.
BROWS, MOUTH, NOSE = (0.15, 0.10, 0.85, 0.29), (0.20, 0.58, 0.80, 0.98), (0.44, 0.42, 0.56, 0.60)
_AT_ONCE = 32


@dataclass(frozen=True, eq=False)
class Apex:
    """The frame of the apex, from 0, and how much of each frame has moved since the first, smoothed."""

    frame: int
    curve: Float64[np.ndarray, "frame"]


def spot_apex(
    faces: Num[np.ndarray, "frame side side *colour"],
    time: Float64[np.ndarray, "frame"],
    *,
    measure: Measure = "flow",
    smooth: float = 0.1,
) -> Apex:
    """The apex of one clip of aligned crops, as `face:crop` gives them with their times in seconds.

    The curve is the mean square of the measure over brows and mouth, smoothed by a Gaussian of `smooth`
    seconds (0: not at all). A clip of one frame has its apex there. `BadFaces` where there is no frame or
    crops are not square.
    """
    if measure not in ("strain", "flow", "difference"):
        raise BadRecipe(f"expected strain, flow or difference as measure, found {measure!r}")
    if faces.ndim not in (3, 4) or not len(faces) or faces.shape[1] != faces.shape[2]:
        raise BadFaces(f"expected crops (frame, side, side) or (frame, side, side, 3), found {faces.shape}")
    pixels = torch.from_numpy(np.ascontiguousarray(faces))
    pixels = grey(pixels[:, None] if faces.ndim == 3 else pixels.permute(0, 3, 1, 2))[:, 0]
    parts = [_moved(pixels[0], some, measure) for some in pixels.split(_AT_ONCE)]
    curve = torch.cat(parts).double().numpy()
    curve = gaussian(time, curve[:, None], smooth)[:, 0] if smooth else curve
    return Apex(int(curve.argmax()), curve)


def _moved(first: Tensor, others: Tensor, measure: Measure) -> Tensor:
    """The measure of each of some frames, the mean square over the regions."""
    side = first.shape[0]
    inside = within(BROWS, side) | within(MOUTH, side)
    if measure == "difference":
        return (others - first).square()[:, inside].mean(dim=1)
    flow = flow_between(first.expand_as(others), others)
    if measure == "strain":
        return strain(flow).square()[:, inside].mean(dim=1)
    own = flow - flow[:, :, within(NOSE, side)].mean(dim=2)[:, :, None, None]
    return own.square().sum(dim=1)[:, inside].mean(dim=1)


def within(part: tuple[float, float, float, float], side: int) -> Bool[Tensor, "side side"]:
    """The pixels whose centres lie in a part of a crop."""
    centre = (torch.arange(side) + 0.5) / side
    left, top, right, bottom = part
    across, down = (centre >= left) & (centre < right), (centre >= top) & (centre < bottom)
    return down[:, None] & across
