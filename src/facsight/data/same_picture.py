"""Are two small pictures one photo? Lay one over the other and compare what both show.

A copy may be shifted, scaled, turned, stretched a little, cropped, and of other brightness and contrast: one
affine transform of the plane, one of the grey levels. Both are found by Gauss-Newton steps: the inverse
compositional algorithm of Baker and Matthews, "Lucas-Kanade 20 years on", IJCV 2004.
"""

from functools import cache

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor

#: Gauss-Newton steps; how far a copy may be stretched, and how far shifted as a share of its side; how much
#: of a picture must lie on the other to be compared.
STEPS, STRETCH, SHIFT, OVERLAP = 4, 0.35, 0.25, 0.6
#: Blurs in pixels of a thumbnail: what is aligned; what is compared is the difference of the other two.
SMOOTH, FINE, WIDE = 1.5, 0.7, 2.5
#: Squared grey levels added to the variance of detail: the noise of a nearly even picture is no likeness.
FLOOR = 1.0
#: Detail is cut at so many standard deviations: no label and no sharp outline outweighs the rest.
LOUDEST = 1.0


def blur(pictures: Float[Tensor, "n side side"], sigma: float) -> Float[Tensor, "n side side"]:
    """Gaussian blur; edges are continued."""
    matrix = _blur_matrix(pictures.shape[-1], sigma)
    return matrix @ pictures @ matrix.T


@cache
def _blur_matrix(side: int, sigma: float) -> Float[Tensor, "side side"]:
    reach = int(3 * sigma + 0.5)
    offsets = torch.arange(-reach, reach + 1)
    kernel = torch.softmax(-offsets.float().square() / (2 * sigma**2), dim=0)
    sources = (torch.arange(side).unsqueeze(1) + offsets).clamp(0, side - 1)
    return torch.zeros(side, side).scatter_add(1, sources, kernel.expand(side, -1))


def difference(
    one: UInt8[Tensor, "pair side side"], other: UInt8[Tensor, "pair side side"]
) -> Float[Tensor, "pair"]:
    """1 - the correlation of what both pictures of a pair show once they lie on one another: 0 (same) to 2.

    Compared is detail between the blurs `FINE` and `WIDE`, that in the middle most; 2 where no alignment is
    found.
    """
    first, second = one.float(), other.float()
    motion = _align(blur(first, SMOOTH), blur(second, SMOOTH))
    inside = (_sample(torch.ones_like(second), motion, padding="zeros") > 0.99).float()
    weight = inside * window(inside.shape[-1])
    found = _likeness(_detail(first), _sample(_detail(second), motion), weight)
    moved = (motion - torch.eye(2, 3)).abs()
    near = (moved[..., :2].amax(dim=(1, 2)) < STRETCH) & (moved[..., 2].amax(dim=1) < 2 * SHIFT)
    return torch.where(near & (inside.mean(dim=(1, 2)) > OVERLAP), 1 - found, 2.0)


def _detail(pictures: Tensor) -> Tensor:
    return blur(pictures, FINE) - blur(pictures, WIDE)


def _align(one: Tensor, other: Tensor) -> Float[Tensor, "pair 2 3"]:
    """Where to look in `other` for each point of `one`; coordinates run from -1 to 1 over the picture."""
    solve = _solver(one)
    motion = torch.eye(2, 3).repeat(len(one), 1, 1)
    for _ in range(STEPS):
        seen = _sample(other, motion).flatten(1)
        found = torch.einsum("pkx,px->pk", solve, seen)
        step = found[:, 2:] / found[:, 1:2].clamp(min=0.1)
        step = step.clamp(-STRETCH, STRETCH).view(-1, 2, 3) + torch.eye(2, 3)
        motion = _after(motion, step)
    return motion


def _solver(one: Tensor) -> Float[Tensor, "pair 8 pixel"]:
    """The matrix that gives the best a, b and motion of a picture near one: picture = b + a one(motion)."""
    design = motions(one)
    weighted = design * window(one.shape[-1]).flatten()
    normal = (weighted @ design.transpose(1, 2)).double()
    scale = normal.diagonal(dim1=1, dim2=2).clamp(min=1e-6)
    return torch.linalg.inv(normal + torch.diag_embed(scale * 1e-4)).float() @ weighted


def motions(pictures: Float[Tensor, "n side side"]) -> Float[Tensor, "n change=8 pixel"]:
    """How a picture changes: brighter, more contrast, and by each of the six numbers of an affine motion."""
    side = pictures.shape[-1]
    places = (2 * torch.arange(side) + 1) / side - 1
    x, y = places.expand(side, side), places.unsqueeze(1).expand(side, side)
    down, across = (slope * side / 2 for slope in torch.gradient(pictures, dim=(1, 2)))
    columns = [torch.ones_like(pictures), pictures]
    columns += [x * across, y * across, across, x * down, y * down, down]
    return torch.stack(columns, dim=1).flatten(2)


def window(side: int) -> Float[Tensor, "side side"]:
    """Weights of pixels: 1 in the middle, near 0 at the edges, where a border or a crop changes most."""
    arch = torch.sin(torch.pi * (torch.arange(side) + 0.5) / side)
    return arch.unsqueeze(1) * arch


def _after(motion: Tensor, step: Tensor) -> Tensor:
    """`motion` after the inverse of `step`."""
    (a, b), (c, d) = (row.unbind(1) for row in step[..., :2].unbind(1))
    inverse = torch.stack([d, -b, -c, a], dim=1).view(-1, 2, 2) / (a * d - b * c).view(-1, 1, 1)
    turned = motion[..., :2] @ inverse
    return torch.cat([turned, motion[..., 2:] - turned @ step[..., 2:]], dim=2)


def _sample(pictures: Tensor, motion: Tensor, padding: str = "border") -> Tensor:
    size = [len(pictures), 1, *pictures.shape[1:]]
    grid = F.affine_grid(motion, size, align_corners=False)
    return F.grid_sample(pictures.unsqueeze(1), grid, padding_mode=padding, align_corners=False).squeeze(1)


def _likeness(one: Tensor, other: Tensor, weight: Tensor) -> Tensor:
    """The correlation of two pictures' detail, cut at `LOUDEST`."""
    total = weight.sum(dim=(1, 2), keepdim=True).clamp(min=1)

    def mean(picture: Tensor) -> Tensor:
        return (picture * weight).sum(dim=(1, 2), keepdim=True) / total

    def cut(picture: Tensor) -> Tensor:
        level = picture - mean(picture)
        return (level / (mean(level.square()) + FLOOR).sqrt()).clamp(-LOUDEST, LOUDEST)

    first, second = cut(one), cut(other)
    spread = (mean(first.square()) * mean(second.square())).sqrt()
    return (mean(first * second) / (spread + 1e-3)).flatten()
