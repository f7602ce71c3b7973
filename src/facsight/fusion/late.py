"""Each modality is read by itself, and the readings are averaged: the other baseline.

Paper    none; late fusion as in Baltrušaitis, Ahuja and Morency, "Multimodal machine learning: a survey and
         taxonomy", TPAMI 2019, section 5.1
Needs    features of one or several modalities
Learns   two linear layers a modality
Gives    the mean of what the known modalities read; shares: equal parts for the known ones
Differs  features are averaged, not scores: a linear output of them is the mean of scores that share its
         weights
"""

from collections.abc import Mapping

import torch
from torch import nn

from facsight.core.sequences import Sequences
from facsight.nn.fused import Fused, Fusion


class LateFusion(Fusion):
    """`width` features a modality, through one hidden layer."""

    def __init__(self, sizes: Mapping[str, int], *, width: int = 128, dropout: float = 0.1):
        super().__init__()
        self.size = width
        self.readers = nn.ModuleDict(
            {
                name: nn.Sequential(
                    nn.Linear(size, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, width), nn.ReLU()
                )
                for name, size in sizes.items()
            }
        )

    def forward(self, sequences: Sequences) -> Fused:
        sequences = sequences.only(self.readers)
        count = torch.stack(list(sequences.known.values())).sum(dim=0).clamp(min=1)
        shares = {name: sequences.known[name].to(x) / count for name, x in sequences.streams.items()}
        read = [shares[name].unsqueeze(-1) * self.readers[name](x) for name, x in sequences.streams.items()]
        return Fused(torch.stack(read).sum(dim=0), shares)
