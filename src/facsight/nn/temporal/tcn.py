"""A temporal convolutional network: dilated convolutions whose reach doubles from layer to layer.

Paper    Bai, Kolter and Koltun, "An empirical evaluation of generic convolutional and recurrent networks for
         sequence modeling", 2018, https://arxiv.org/abs/1803.01271
Needs    features of steps
Learns   everything
Differs  looks both ways unless `causal`, as recordings are read whole; layer instead of weight normalisation,
         a step by itself, which does not see padding; whole channels are dropped, as in the paper's code
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe


class TemporalConvolution(nn.Module):
    """`layers` residual blocks of two convolutions of `kernel` steps, `dilation` 1, 2, 4, ... steps apart.

    A step sees 2 (kernel - 1) (2^layers - 1) others: all before it if `causal`, else half on each side.
    """

    def __init__(
        self,
        inputs: int,
        *,
        size: int = 128,
        layers: int = 4,
        kernel: int = 5,
        causal: bool = False,
        dropout: float = 0.1,
    ):
        super().__init__()
        if kernel < 2 or (kernel % 2 == 0 and not causal):
            raise BadRecipe(f"a kernel has 2 steps or more, and an odd number unless causal, found {kernel}")
        self.size = size
        self.blocks = nn.ModuleList(
            _Block(size if k else inputs, size, kernel, 2**k, causal, dropout) for k in range(layers)
        )

    def forward(
        self, features: Float[Tensor, "batch step feature"], inside: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step size"]:
        for block in self.blocks:
            features = block(features, inside)
        return features


class _Block(nn.Module):
    def __init__(self, inputs: int, size: int, kernel: int, dilation: int, causal: bool, dropout: float):
        super().__init__()
        reach = (kernel - 1) * dilation
        self.padding = (reach, 0) if causal else (reach // 2, reach // 2)
        self.layers = nn.ModuleList(
            nn.Conv1d(width, size, kernel, dilation=dilation) for width in (inputs, size)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(size) for _ in range(2))
        self.dropout = nn.Dropout1d(dropout)
        self.shortcut = nn.Identity() if inputs == size else nn.Linear(inputs, size)

    def forward(
        self, features: Float[Tensor, "batch step feature"], inside: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step size"]:
        read = features
        for layer, norm in zip(self.layers, self.norms, strict=True):
            read = torch.where(inside.unsqueeze(-1), read, 0.0).transpose(1, 2)
            read = norm(layer(F.pad(read, self.padding)).transpose(1, 2)).relu()
            read = self.dropout(read.transpose(1, 2)).transpose(1, 2)
        return F.relu(read + self.shortcut(features))
