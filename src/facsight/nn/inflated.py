"""A network for pictures made one for clips, which says the same of a clip in which nothing moves."""

import copy

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe


class InflatedConvolution(nn.Conv3d):
    """A convolution over pictures that also sees `frames` of them in time; time keeps its length.

    The picture's weights are repeated along time and divided by `frames` (Carreira and Zisserman, CVPR 2017,
    section 2.4). Before the first picture and after the last these are repeated.
    """

    def __init__(self, flat: nn.Conv2d, frames: int):
        super().__init__(
            flat.in_channels,
            flat.out_channels,
            _in_time(frames, flat.kernel_size),
            stride=_in_time(1, flat.stride),
            padding=_in_time(0, _plain(flat)),
            dilation=_in_time(1, flat.dilation),
            groups=flat.groups,
            bias=flat.bias is not None,
            dtype=flat.weight.dtype,
            device=flat.weight.device,
        )
        with torch.no_grad():
            self.weight.copy_(flat.weight.unsqueeze(2).expand_as(self.weight) / frames)
            if self.bias is not None and flat.bias is not None:
                self.bias.copy_(flat.bias)

    def forward(
        self, input: Float[Tensor, "batch channel time h w"]
    ) -> Float[Tensor, "batch out time h2 w2"]:
        beyond = self.kernel_size[0] // 2
        return super().forward(F.pad(input, (0, 0, 0, 0, beyond, beyond), mode="replicate"))


def inflated(network: nn.Module, *, frames: int = 3) -> nn.Module:
    """A copy of a network for pictures (batch, channel, h, w) that takes clips (batch, channel, time, h, w).

    Kernels larger than 1 x 1 see `frames` pictures, an odd number; the others, and pooling, see one at a
    time, so that every picture keeps its output. `BadRecipe` for a layer that is not known to work on clips.
    """
    if frames < 1 or frames % 2 == 0:
        raise BadRecipe(f"a kernel sees an odd number of frames, found {frames}")
    return _inflate(copy.deepcopy(network), frames)


def _inflate(network: nn.Module, frames: int) -> nn.Module:
    made = _layer(network, frames)
    if made is network:
        for name, part in network.named_children():
            setattr(network, name, _inflate(part, frames))
    return made


def _layer(layer: nn.Module, frames: int) -> nn.Module:
    """A layer that works on clips; the layer itself where it has none that works on pictures only."""
    if isinstance(layer, nn.Conv2d):
        return InflatedConvolution(layer, 1 if set(layer.kernel_size) == {1} else frames)
    if isinstance(layer, nn.BatchNorm2d):
        made = nn.BatchNorm3d(layer.num_features, layer.eps, layer.momentum, layer.affine)
        made.load_state_dict(layer.state_dict())
        return made.train(layer.training)
    if isinstance(layer, nn.MaxPool2d):
        return nn.MaxPool3d(
            _in_time(1, layer.kernel_size),
            _in_time(1, layer.stride),
            _in_time(0, layer.padding),
            ceil_mode=layer.ceil_mode,
        )
    if isinstance(layer, nn.AvgPool2d):
        return nn.AvgPool3d(
            _in_time(1, layer.kernel_size),
            _in_time(1, layer.stride),
            _in_time(0, layer.padding),
            ceil_mode=layer.ceil_mode,
            count_include_pad=layer.count_include_pad,
        )
    if type(layer).__name__.endswith("2d"):
        raise BadRecipe(f"{type(layer).__name__} cannot be inflated: convolutions, batch norm and pools can")
    return layer


def _plain(flat: nn.Conv2d) -> tuple[int, ...]:
    if isinstance(flat.padding, str) or flat.padding_mode != "zeros":
        raise BadRecipe(
            f"a convolution with zeros around it, as many as numbers say, can be inflated, found "
            f"padding {flat.padding!r} of {flat.padding_mode}"
        )
    return tuple(flat.padding)


def _in_time(steps: int, size: int | tuple[int, ...]) -> tuple[int, int, int]:
    """A size in time before one in the picture."""
    height, width = (size, size) if isinstance(size, int) else size
    return steps, height, width
