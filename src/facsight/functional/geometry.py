"""Similarity transforms of points and pictures, in batches.

Points are continuous pixels `(x, y)` with the origin at the corner of the picture (centre of the first
pixel at 0.5, 0.5). A transform is a `(2, 3)` matrix `[A | t]`: a point p goes to `A p + t`.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def fit_similarity(
    points: Float[Tensor, "batch point 2"], template: Float[Tensor, "point 2"]
) -> Float[Tensor, "batch 2 3"]:
    r"""The rotation, uniform scale and shift that bring `points` nearest to `template` (no reflection).

    .. math::
        \min_{a, b, t} \sum_i
        \lVert \begin{pmatrix} a & -b \\ b & a \end{pmatrix} p_i + t - q_i \rVert^2

    Closed form in two dimensions: Umeyama 1991, "Least-squares estimation of transformation parameters
    between two point patterns", IEEE TPAMI 13(4), eq. 40-42. NaN points give NaN transforms.
    """
    centre, goal = points.mean(dim=1, keepdim=True), template.mean(dim=0)
    p, q = points - centre, template - goal
    spread = p.square().sum(dim=(1, 2))
    cos = (p * q).sum(dim=(1, 2)) / spread
    sin = (p[..., 0] * q[:, 1] - p[..., 1] * q[:, 0]).sum(dim=1) / spread
    turn = torch.stack([torch.stack([cos, -sin], dim=-1), torch.stack([sin, cos], dim=-1)], dim=1)
    shift = goal - (turn @ centre.transpose(1, 2)).squeeze(-1)
    return torch.cat([turn, shift.unsqueeze(-1)], dim=-1)


def apply(
    transform: Float[Tensor, "batch 2 3"], points: Float[Tensor, "batch point 2"]
) -> Float[Tensor, "batch point 2"]:
    """Each point through its batch row's transform."""
    return points @ transform[:, :, :2].transpose(1, 2) + transform[:, None, :, 2]


def compose(
    second: Float[Tensor, "batch 2 3"], first: Float[Tensor, "batch 2 3"]
) -> Float[Tensor, "batch 2 3"]:
    """The transform that does `first`, then `second`."""
    linear = second[:, :, :2] @ first[:, :, :2]
    shift = second[:, :, :2] @ first[:, :, 2:] + second[:, :, 2:]
    return torch.cat([linear, shift], dim=-1)


def invert(transform: Float[Tensor, "batch 2 3"]) -> Float[Tensor, "batch 2 3"]:
    """The transform that undoes `transform`."""
    linear = torch.linalg.inv(transform[:, :, :2])
    return torch.cat([linear, -linear @ transform[:, :, 2:]], dim=-1)


def warp(
    pictures: Float[Tensor, "batch channel height width"],
    transform: Float[Tensor, "batch 2 3"],
    size: tuple[int, int],
    padding: str = "border",
) -> Float[Tensor, "batch channel new_height new_width"]:
    """The pictures seen through `transform` (old pixels to new), bilinear, at `size` = (height, width).

    Shrinking by more than two needs a picture that was smoothed or shrunk before: bilinear sampling looks
    at four pixels only. `padding` is what lies outside: "border" repeats the edge, "zeros" is 0.
    """
    (height, width), (new_height, new_width) = pictures.shape[-2:], size
    to_pixels = _unit_to_pixels(new_height, new_width, transform)
    from_pixels = _pixels_to_unit(height, width, transform)
    sampling = compose(from_pixels, compose(invert(transform), to_pixels))
    grid = F.affine_grid(
        sampling.to(pictures.dtype), [len(pictures), 1, new_height, new_width], align_corners=False
    )
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode=padding, align_corners=False)


def _unit_to_pixels(height: int, width: int, like: Tensor) -> Tensor:
    """[-1, 1] square to pixels: what torch's sampling grids speak."""
    matrix = like.new_tensor([[width / 2, 0, width / 2], [0, height / 2, height / 2]])
    return matrix.expand(len(like), 2, 3)


def _pixels_to_unit(height: int, width: int, like: Tensor) -> Tensor:
    matrix = like.new_tensor([[2 / width, 0, -1], [0, 2 / height, -1]])
    return matrix.expand(len(like), 2, 3)
