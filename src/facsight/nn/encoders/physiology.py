"""A one-dimensional convolutional network on samples of physiological signals, across the borders of steps.

Paper    after Thiam, Bellmann, Kestler and Schwenker, "Exploring deep physiological models for nociceptive
         pain recognition", Sensors 2019, https://doi.org/10.3390/s19204503: convolutions along time on raw
         electrodermal activity, heart and muscle, with batch normalisation, ELU and max pooling
Needs    several samples a step, (sample, channel)
Learns   everything, from scratch
Differs  fully convolutional, so that windows may be of any length; pooled by step; batch normalisation counts
         known samples only; samples far apart are seen by strides, not by pooling twice
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe
from facsight.nn.masked import MaskedBatchNorm, by_step, spread


class PhysiologyCNN(nn.Module):
    """Convolutions of `widths` channels over `kernel` samples; each halves time where steps can be halved."""

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        size: int = 128,
        widths: Sequence[int] = (32, 32, 64, 64),
        kernel: int = 11,
        dropout: float = 0.1,
    ):
        super().__init__()
        if len(shape) != 2 or kernel % 2 == 0:
            raise BadRecipe(
                f"physiology expects steps of (sample, channel) and an odd kernel, found {shape} and {kernel}"
            )
        self.size, self.frames = size, shape[0]
        self.layers, self.norms = nn.ModuleList(), nn.ModuleList()
        inputs = shape[1]
        for width in widths:
            stride = 2 if self.frames % 2 == 0 else 1
            self.frames //= stride
            self.layers.append(nn.Conv1d(inputs, width, kernel, stride, padding=kernel // 2, bias=False))
            self.norms.append(MaskedBatchNorm(width))
            inputs = width
        self.project = nn.Sequential(nn.Dropout(dropout), nn.Linear(inputs, size), nn.LayerNorm(size))

    def forward(
        self, stream: Float[Tensor, "batch step sample channel"], known: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step encoded"]:
        there = known.repeat_interleave(stream.shape[2], dim=1)
        signal = torch.where(there.unsqueeze(-1), stream.flatten(1, 2), 0.0).transpose(1, 2)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            there = there[:, :: layer.stride[0]]  # pyright: ignore
            signal = F.elu(norm(layer(signal), there))
            signal = torch.where(spread(there, signal), signal, 0.0)
        return self.project(by_step(signal, there, self.frames).to(stream.dtype))
