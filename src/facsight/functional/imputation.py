"""What is put in the place of pixels that are taken away.

`opacity` in [0, 1] says how much of each pixel is taken away: `x' = (1 - opacity) x + opacity filling`.
"""

from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import UnknownName, did_you_mean

Removal = Literal["surroundings", "blur", "mean"]

#: Radii of the kernel that fills from the surroundings, in multiples of `radius`, and their weights: near
#: pixels decide wherever there are any, far ones reach across every hole.
REACHES = ((0.5, 1.0), (1.0, 0.1), (2.0, 0.01), (8.0, 0.0001))


def remove(
    pictures: Float[Tensor, "batch channel height width"],
    opacity: Float[Tensor, "batch height width"],
    removal: Removal,
    *,
    radius: Float[Tensor, "batch"],
) -> Float[Tensor, "batch channel height width"]:
    """The pictures without what the opacity covers.

    surroundings  filled smoothly from the pixels that stay: nothing that is wholly covered shows
    blur          a Gaussian blur of the picture: its coarse light and dark stay
    mean          the mean of the pixels that stay

    `radius`, in pixels, is the standard deviation of the blur, and about how far the surroundings reach.
    `UnknownName` for another removal.
    """
    if removal not in get_args(Removal):
        raise UnknownName(f"no removal {removal!r}: {did_you_mean(removal, get_args(Removal))}")
    if removal == "blur":
        filling = gaussian_blur(pictures, radius)
    elif removal == "mean":
        filling = _mean_of_rest(pictures, 1 - opacity)
    else:
        filling = _from_surroundings(pictures, 1 - opacity, radius)
    return torch.lerp(pictures, filling, opacity.unsqueeze(1))


def gaussian_blur(
    pictures: Float[Tensor, "batch channel height width"], radius: Float[Tensor, "batch"]
) -> Float[Tensor, "batch channel height width"]:
    """Each picture blurred with its own standard deviation in pixels; nothing lies beyond the edges.

    The weights of the pixels that exist sum to one: a constant picture stays as it is.
    """
    down, across = (_bells(side, radius) for side in pictures.shape[-2:])
    return _weighed(pictures, *(bells / bells.sum(dim=2, keepdim=True) for bells in (down, across)))


def _from_surroundings(pictures: Tensor, kept: Tensor, radius: Tensor) -> Tensor:
    r"""Normalised convolution: the mean of the kept pixels, near ones weighing most.

    .. math:: f(p) = \frac{\sum_q g(p - q) k(q) x(q)}{\sum_q g(p - q) k(q)}

    with `k` = 1 - opacity and `g` a sum of Gaussians of growing width (Knutsson and Westin, "Normalized and
    differential convolution", CVPR 1993). Zero where nothing at all is kept.
    """
    kept = kept.unsqueeze(1)
    layers = torch.cat([pictures * kept, kept], dim=1)
    sums = torch.zeros_like(layers)
    for reach, weight in REACHES:
        sums += weight * _weighed(layers, *(_bells(side, reach * radius) for side in pictures.shape[-2:]))
    values, share = sums[:, :-1], sums[:, -1:]
    return values / torch.where(share > 0, share, 1.0)


def _mean_of_rest(pictures: Tensor, kept: Tensor) -> Tensor:
    """The mean of the pixels that stay, zero where none does."""
    kept = kept.unsqueeze(1)
    total = kept.sum(dim=(2, 3), keepdim=True)
    return (pictures * kept).sum(dim=(2, 3), keepdim=True) / torch.where(total > 0, total, 1.0)


def _weighed(pictures: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Sums over rows and columns with each picture's own weights: a separable filter as two products."""
    return down.unsqueeze(1) @ pictures @ across.unsqueeze(1).transpose(2, 3)


def _bells(side: int, radius: Float[Tensor, "batch"]) -> Float[Tensor, "batch side side"]:
    """How much each of a row of pixels weighs for each other, 1 for itself."""
    place = torch.arange(side, dtype=radius.dtype, device=radius.device)
    apart = (place[:, None] - place) / radius[:, None, None]
    # beyond nine standard deviations a pixel still counts where there is no nearer one
    return (-0.5 * apart.square().clamp(max=80)).exp()
