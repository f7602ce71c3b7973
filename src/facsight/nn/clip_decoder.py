"""From the tokens of some patches of a clip to the pixels of all, in every step."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.nn.encoders.factored_transformer import FactoredLayer
from facsight.nn.temporal.time_transformer import sinusoids


class ClipDecoder(nn.Module):
    """A shallow transformer over patches and over time; only for training.

    Tokens of `size` are put in their places and times; a learnt token stands for each of `patches` patches
    that was hidden, and a patch is `pixels` numbers.
    """

    def __init__(
        self, size: int, *, patches: int, pixels: int, width: int = 48, depth: int = 1, heads: int = 3
    ):
        super().__init__()
        self.narrow, self.draw = nn.Linear(size, width), nn.Linear(width, pixels)
        self.hidden_token = nn.Parameter(0.02 * torch.randn(width))
        self.place = nn.Parameter(0.02 * torch.randn(patches, width))
        self.layers = nn.ModuleList(FactoredLayer(width, heads, 0.0) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(
        self, seen: Float[Tensor, "n step some size"], hidden: Bool[Tensor, "n patch"]
    ) -> Float[Tensor, "n step patch pixels"]:
        """`seen` are the tokens of the patches that are not `hidden`, in their order, step by step."""
        narrow = self.narrow(seen)
        tokens = self.hidden_token.to(narrow).expand(*seen.shape[:2], hidden.shape[1], -1).clone()
        tokens.transpose(1, 2)[~hidden] = narrow.transpose(1, 2).flatten(0, 1)
        tokens = tokens + self.place + sinusoids(tokens.shape[1], tokens.shape[3]).to(tokens)[:, None]
        for layer in self.layers:
            tokens = layer(tokens)
        return self.draw(self.norm(tokens))
