"""Gates that look at all modalities decide in each step how much of each goes on.

Paper    Arevalo et al., "Gated multimodal units for information fusion", ICLR 2017 workshop, arXiv
         1702.01992, equations 1 to 4
Needs    features of one or several modalities
Learns   a tanh layer a modality, and gates made from all features of the step
Gives    the sum of what the gates let through; shares: the gates, averaged over features
Differs  gates of the known modalities sum to 1 in every feature, for any number of them (the paper's two
         share one sigmoid, which is the same for two; its many have a sigmoid each)
"""

from collections.abc import Mapping

import torch
from torch import nn

from facsight.core.sequences import Sequences
from facsight.nn.aligned import Aligned
from facsight.nn.fused import Fused, Fusion


class GatedFusion(Fusion):
    """`width` features, each with a gate a modality."""

    def __init__(self, sizes: Mapping[str, int], *, width: int = 128):
        super().__init__()
        self.size = width
        self.aligned = Aligned(sizes, None)
        self.layers = nn.ModuleDict({name: nn.Linear(size, width) for name, size in sizes.items()})
        self.gate = nn.Linear(sum(sizes.values()) + len(sizes), len(sizes) * width)

    def forward(self, sequences: Sequences) -> Fused:
        streams = self.aligned(sequences)
        known = torch.stack([sequences.known[name] for name in streams], dim=-1)
        seen = torch.cat(list(streams.values()), dim=-1)
        gates = self.gate(torch.cat([seen, known.to(seen)], dim=-1)).unflatten(-1, (len(streams), self.size))
        gates = gates.masked_fill(~known.unsqueeze(-1), -torch.inf).softmax(dim=-2).nan_to_num()
        read = torch.stack([self.layers[name](x).tanh() for name, x in streams.items()], dim=-2)
        shares = gates.mean(dim=-1)
        return Fused((gates * read).sum(dim=-2), {name: shares[..., k] for k, name in enumerate(streams)})
