"""Each modality is read by itself, and the readings are averaged: the other baseline.

Paper    none; late fusion as in Baltrušaitis, Ahuja and Morency, "Multimodal machine learning: a survey and
         taxonomy", TPAMI 2019, section 5.1, https://arxiv.org/abs/1705.09406
Needs    features a step of one or more modalities
Learns   two linear layers a modality
Gives    the mean of what the known modalities read; shares: equal parts for the known ones
Differs  features are averaged, not scores: a linear output of them is the mean of scores that share its
         weights
"""

from collections.abc import Mapping

import torch
from torch import nn

from facsight.core.sequences import Sequences
from facsight.nn.aligned import Aligned, check_counts
from facsight.nn.fused import Fused, Fusion


class LateFusion(Fusion):
    """`width` features a modality, through one hidden layer of as many.

        h_m = ReLU(V_m ReLU(W_m x_m))      features = mean of h_m over the known modalities

    0 where nothing is known.

    >>> LateFusion({"face": 6, "audio": 4}, width=8).size
    8
    """

    def __init__(self, sizes: Mapping[str, int], *, width: int = 128, dropout: float = 0.1):
        super().__init__()
        check_counts(width=width)
        self.size, self.aligned = width, Aligned(sizes, None)
        self.readers = nn.ModuleDict({name: _reader(size, width, dropout) for name, size in sizes.items()})

    def forward(self, sequences: Sequences) -> Fused:
        streams = self.aligned(sequences)
        known = torch.stack([sequences.known[name] for name in streams]).to(next(iter(streams.values())))
        shares = dict(zip(streams, known / known.sum(dim=0).clamp(min=1), strict=True))
        read = [shares[name].unsqueeze(-1) * self.readers[name](x) for name, x in streams.items()]
        return Fused(torch.stack(read).sum(dim=0), shares)


def _reader(size: int, width: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(size, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, width), nn.ReLU()
    )
