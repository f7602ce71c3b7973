"""Maps over places: their size, and how several become one."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def resize(maps: Float[Tensor, "batch _ _"], size: tuple[int, int]) -> Float[Tensor, "batch _ _"]:
    """Maps at another size `(height, width)`, bilinear between cell centres, within their own range."""
    if maps.shape[1:] == size or not maps.numel():
        return maps if maps.numel() else maps.new_zeros(len(maps), *size)
    return F.interpolate(maps.unsqueeze(1), size=size, mode="bilinear", align_corners=False).squeeze(1)


def finest(maps: Sequence[Float[Tensor, "batch _ _"]]) -> tuple[int, int]:
    """The size `(height, width)` of the maps with the most places."""
    height, width = max((m.shape[1:] for m in maps), key=lambda size: size[0] * size[1])
    return height, width


def fuse(maps: Sequence[Float[Tensor, "batch _ _"]]) -> Float[Tensor, "batch height width"]:
    """One map out of those of several layers: the mean of all at the finest size, each with its peak at one.

    The peak is the largest size of a value, so signs stay. A single map is returned as it is. A map of zeros
    adds nothing.
    """
    if len(maps) == 1:
        return maps[0]
    size = finest(maps)
    peaks = [m.abs().amax(dim=(1, 2), keepdim=True) for m in maps]
    scaled = [m / torch.where(peak > 0, peak, 1.0) for m, peak in zip(maps, peaks, strict=True)]
    return torch.stack([resize(m, size) for m in scaled]).mean(dim=0)
