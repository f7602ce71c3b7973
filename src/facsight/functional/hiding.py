"""Which patches of a picture are hidden from a network that has to draw them."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from facsight.core.landmarks import (
    INNER_LIPS,
    JAW,
    LEFT_BROW,
    LEFT_EYE,
    NOSE_BASE,
    NOSE_BRIDGE,
    OUTER_LIPS,
    RIGHT_BROW,
    RIGHT_EYE,
)

#: What is hidden whole: brows, eyes, nose, mouth and the line of the jaw.
REGIONS = (
    *(LEFT_BROW, RIGHT_BROW, LEFT_EYE, RIGHT_EYE),
    *((*NOSE_BRIDGE, *NOSE_BASE), (*OUTER_LIPS, *INNER_LIPS), JAW),
)


def hide_any(
    faces: int, patches: int, share: float, *, first: Bool[Tensor, "face patch"] | None = None
) -> Bool[Tensor, "face patch"]:
    """So many patches of each face, rounded, at random; those of `first` before any other.

    At least one is hidden and one is left. He et al., "Masked autoencoders are scalable vision learners",
    CVPR 2022, section 3.
    """
    count = min(max(round(share * patches), 1), patches - 1)
    order = torch.rand(faces, patches)
    if first is not None:
        order = order + first.to(order.device)
    hidden = torch.zeros(faces, patches, dtype=torch.bool)
    return hidden.scatter_(1, order.topk(count, dim=1).indices, True)


def patches_of_regions(
    landmarks: Float[Tensor, "face point 2"],
    regions: Sequence[Sequence[int]],
    *,
    patch: int,
    cells: int,
) -> Bool[Tensor, "face region patch"]:
    """In which patches the points of each region lie; points that are missing or outside lie in none.

    `patch` is the side of a patch in pixels, `cells` how many there are in a row.

    >>> patches_of_regions(torch.tensor([[[1.0, 1.0], [7.0, 1.0]]]), [(0,), (0, 1)], patch=4, cells=2)
    tensor([[[ True, False, False, False],
             [ True,  True, False, False]]])
    """
    cell = (landmarks / patch).floor()
    inside = ((cell >= 0) & (cell < cells)).all(dim=2)  # NaN is in no cell
    place = torch.where(inside, cell[..., 1] * cells + cell[..., 0], 0).long()
    found = torch.zeros(len(landmarks), len(regions), cells * cells, dtype=torch.bool)
    for number, points in enumerate(regions):
        own = torch.zeros(len(landmarks), cells * cells, dtype=torch.int64)
        own.scatter_add_(1, place[:, list(points)], inside[:, list(points)].long())
        found[:, number] = own > 0
    return found


def half_of(regions: Bool[Tensor, "face region patch"]) -> Bool[Tensor, "face patch"]:
    """The patches of half of each face's regions, by lot."""
    chosen = hide_any(len(regions), regions.shape[1], 0.5)
    return (regions & chosen.unsqueeze(2)).any(dim=1)


def standardised(patches: Float[Tensor, "*batch patch pixel"]) -> Float[Tensor, "*batch patch pixel"]:
    """Each patch less its mean, in units of its deviation; one of a single grey becomes 0.

    >>> standardised(torch.tensor([[0.0, 2.0], [5.0, 5.0]])).round().tolist()
    [[-1.0, 1.0], [0.0, 0.0]]
    """
    centred = patches - patches.mean(dim=-1, keepdim=True)
    return centred / (centred.square().mean(dim=-1, keepdim=True) + 1e-6).sqrt()
