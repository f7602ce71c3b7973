"""Features side by side, and how far what one modality says differs from what another says.

Paper    none; that modalities contradict each other is a cue of ambivalence and hesitancy: González-González
         and others, BAH, ICLR 2026, https://arxiv.org/abs/2505.19328
Needs    features a step of one or more modalities
Learns   what each modality says, in so many `views`, a projection of all features, of which modalities are
         there and of the differences
Gives    `width` features a step; no shares
Differs  what a modality says has no labels of its own: it is learnt from the labels of the whole
"""

from collections.abc import Mapping
from itertools import combinations

import torch
from torch import nn

from facsight.core.errors import BadRecipe
from facsight.core.sequences import Sequences
from facsight.nn.aligned import Aligned, check_counts
from facsight.nn.fused import Fused, Fusion


class DiscordFusion(Fusion):
    r"""What each modality says, :math:`o_m`, and the difference of each pair, beside all features.

    .. math:: o_m = \tanh(W_m x_m), \quad d_{mn} = |o_m - o_n|, \quad
              h = \mathrm{ReLU}(V [x_1; ...; x_M; known; d_{12}; ...])

    A pair of which one is not known has no difference, 0. Without its differences this is `concatenation` of
    one layer.

    >>> DiscordFusion({"face": 6, "audio": 4}, width=8).size
    8
    """

    def __init__(self, sizes: Mapping[str, int], *, width: int = 64, views: int = 4, dropout: float = 0.0):
        super().__init__()
        check_counts(width=width)
        if views < 1:
            raise BadRecipe(f"expected views of 1 or more, found {views}")
        self.size, self.aligned = width, Aligned(sizes, None)
        self.says = nn.ModuleDict({name: nn.Linear(size, views) for name, size in sizes.items()})
        self.pairs = list(combinations(sizes, 2))
        inputs = sum(sizes.values()) + len(sizes) + len(self.pairs) * views
        self.project = nn.Sequential(nn.Dropout(dropout), nn.Linear(inputs, width), nn.ReLU())

    def forward(self, sequences: Sequences) -> Fused:
        streams = self.aligned(sequences)
        known = {name: sequences.known[name].unsqueeze(-1) for name in streams}
        said = {name: torch.tanh(self.says[name](stream)) for name, stream in streams.items()}
        apart = [
            torch.where(known[one] & known[other], (said[one] - said[other]).abs(), 0.0)
            for one, other in self.pairs
        ]
        there = [one.to(next(iter(streams.values()))) for one in known.values()]
        return Fused(self.project(torch.cat([*streams.values(), *there, *apart], dim=-1)))
