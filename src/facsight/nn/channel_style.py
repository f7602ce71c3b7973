"""A gain and an offset for each channel of features: the least by which one person differs from others."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class ChannelStyle(nn.Module):
    """`features * gain + offset`, channel by channel, the same at all places; changes nothing at first.

    >>> style = ChannelStyle(2)
    >>> style.set(torch.tensor([2.0, 1.0]), torch.tensor([0.0, -1.0]))
    >>> style(torch.tensor([[3.0, 5.0]])).tolist()
    [[6.0, 4.0]]
    """

    def __init__(self, channels: int):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(channels))
        self.offset = nn.Parameter(torch.zeros(channels))

    @property
    def channels(self) -> int:
        return len(self.gain)

    def forward(self, features: Float[Tensor, "n channel *place"]) -> Float[Tensor, "n channel *place"]:
        shape = (-1, *[1] * (features.ndim - 2))
        return features * self.gain.view(shape) + self.offset.view(shape)

    @torch.no_grad()
    def set(self, gain: Float[Tensor, "channel"], offset: Float[Tensor, "channel"]) -> None:
        """Take over a gain and an offset that were computed."""
        self.gain.copy_(gain)
        self.offset.copy_(offset)
