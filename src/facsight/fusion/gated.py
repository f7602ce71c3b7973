"""Gates that look at all modalities decide in each step how much of each goes on.

Paper    GMU: Arevalo, Solorio, Montes-y-Gómez and González, "Gated multimodal units for information fusion",
         ICLR 2017 workshop, https://arxiv.org/abs/1702.01992
Needs    features a step of one or more modalities
Learns   a tanh layer a modality, and gates made from all features of the step
Gives    the sum of what the gates let through; shares: the gates, averaged over features
Differs  the paper has one sigmoid for two modalities, z and 1 - z, and a sigmoid each for more. `gates =
         "softmax"` is the first for any number; "sigmoid" is the second, and shares are then gates divided by
         their sum. Gates also see which modalities are there, and those that are not have none
"""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import nn

from facsight.core.errors import BadRecipe
from facsight.core.sequences import Sequences
from facsight.nn.aligned import Aligned, check_counts
from facsight.nn.fused import Fused, Fusion


class GatedFusion(Fusion):
    """`width` features, each with a gate a modality.

        h_m = tanh(W_m x_m)      z = softmax over the known m of U [x_1; ...; x_M; known]      Σ_m z_m ⊙ h_m

    0 where nothing is known.

    >>> GatedFusion({"face": 6, "audio": 4}, width=8).size
    8
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        *,
        width: int = 128,
        gates: Literal["softmax", "sigmoid"] = "softmax",
    ):
        super().__init__()
        check_counts(width=width)
        if gates not in ("softmax", "sigmoid"):
            raise BadRecipe(f'expected gates = "softmax" or "sigmoid", found {gates!r}')
        self.size, self.competing, self.aligned = width, gates == "softmax", Aligned(sizes, None)
        self.layers = nn.ModuleDict({name: nn.Linear(size, width) for name, size in sizes.items()})
        self.gate = nn.Linear(sum(sizes.values()) + len(sizes), len(sizes) * width)

    def forward(self, sequences: Sequences) -> Fused:
        streams = self.aligned(sequences)
        known = torch.stack([sequences.known[name] for name in streams], dim=-1)
        seen = torch.cat(list(streams.values()), dim=-1)
        scores = self.gate(torch.cat([seen, known.to(seen)], dim=-1)).unflatten(-1, (len(streams), self.size))
        scores = scores.masked_fill(~known.unsqueeze(-1), -torch.inf)
        gates = scores.softmax(dim=-2).nan_to_num() if self.competing else scores.sigmoid()
        read = torch.stack([self.layers[name](x).tanh() for name, x in streams.items()], dim=-2)
        shares = gates.mean(dim=-1)
        # a gate may be as good as shut, its share is still a share of something
        shares = shares / shares.sum(dim=-1, keepdim=True).clamp(min=torch.finfo(shares.dtype).tiny)
        return Fused((gates * read).sum(dim=-2), {name: shares[..., k] for k, name in enumerate(streams)})
