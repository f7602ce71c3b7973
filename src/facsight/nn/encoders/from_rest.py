"""How far a step is from the window's own rest: for landmarks and other numbers that differ between people.

Source   ours; what is taken off is the face at rest, as where a neutral picture of a person is known
Needs    features of any shape, in windows most of which show rest
Learns   a linear layer
Differs  rest is the median over a window's known steps, feature by feature: a course that fills more than
         half of a window becomes its rest. A window of one step says nothing
"""

from math import prod

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


class FromRest(nn.Module):
    """Takes the median of a window's known steps off each of them, then a linear layer to `size` features."""

    def __init__(self, shape: tuple[int, ...], *, size: int = 32):
        super().__init__()
        self.size = size
        self.layer = nn.Linear(prod(shape), size)

    def forward(
        self, stream: Float[Tensor, "batch step *feature"], known: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step encoded"]:
        there, flat = known.unsqueeze(-1), stream.flatten(2)
        rest = torch.where(there, flat, torch.nan).nanmedian(dim=1, keepdim=True).values
        return self.layer(torch.where(there, flat - rest, 0.0))
