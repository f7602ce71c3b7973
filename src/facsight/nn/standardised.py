"""Streams brought to a common scale before anything is learnt from them."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


class Standardised(nn.Module):
    """Takes each feature's mean and spread out of a stream, then encodes it, if there is an encoder.

    Mean and spread, set by `fit` from recordings for training, are part of the weights. A stream whose steps
    hold several frames has one mean a feature, whatever the frame.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, features: int, encoder: nn.Module | None = None):
        super().__init__()
        self.encoder = encoder
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))

    def fit(self, values: Float[Tensor, "n feature"]) -> None:
        """Set mean and spread to those of these rows; a feature that never changes keeps a spread of 1."""
        spread = values.std(dim=0, correction=0)
        self.mean.copy_(values.mean(dim=0))
        self.scale.copy_(torch.where(spread > 1e-6, spread, 1.0))

    def forward(
        self, stream: Float[Tensor, "batch step *feature"], known: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step encoded"]:
        there = known.reshape(*known.shape, *[1] * (stream.ndim - 2))
        scaled = torch.where(there, (stream - self.mean) / self.scale, 0.0)
        return scaled if self.encoder is None else self.encoder(scaled, known)
