"""From the tokens of some patches to the pixels of all."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.nn.small_deit import Block, first_positions


class PatchDecoder(nn.Module):
    """A shallow transformer that draws every patch from those that were seen; only for training.

    Tokens of `size` are put in their places, a learnt token stands for each patch that was hidden; a patch is
    `pixels` numbers.
    """

    def __init__(
        self, size: int, *, cells: int, pixels: int, width: int = 96, depth: int = 2, heads: int = 3
    ):
        super().__init__()
        self.narrow, self.draw = nn.Linear(size, width), nn.Linear(width, pixels)
        self.hidden_token = nn.Parameter(torch.zeros(1, 1, width))
        self.register_buffer("positions", first_positions(cells, width)[:, 1:], persistent=False)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        nn.init.trunc_normal_(self.hidden_token, std=0.02)

    def forward(
        self, seen: Float[Tensor, "batch some size"], hidden: Bool[Tensor, "batch patch"]
    ) -> Float[Tensor, "batch patch pixels"]:
        """`seen` are the tokens of the patches that are not `hidden`, in their order."""
        narrow = self.narrow(seen)
        tokens = self.hidden_token.to(narrow).expand(*hidden.shape, -1).clone()
        tokens[~hidden] = narrow.flatten(0, 1)
        tokens = tokens + self.get_buffer("positions")
        for block in self.blocks:
            tokens, _ = block(tokens)
        return self.draw(self.norm(tokens))
