"""Features side by side: the baseline of every fusion.

Paper    none; early fusion as in Baltrušaitis, Ahuja and Morency, "Multimodal machine learning: a survey and
         taxonomy", TPAMI 2019, section 5.1, https://arxiv.org/abs/1705.09406
Needs    features a step of one or more modalities
Learns   a projection of all features of a step, and of which modalities are there
Gives    `width` features a step; no shares
Differs  a modality that is missing gives zeros and says so: the projection can tell silence from nothing
"""

from collections.abc import Mapping

import torch
from torch import nn

from facsight.core.errors import BadRecipe
from facsight.core.sequences import Sequences
from facsight.nn.aligned import Aligned, check_counts
from facsight.nn.fused import Fused, Fusion


class Concatenation(Fusion):
    """`layers` linear layers of `width` features, each with a ReLU.

        features = ReLU(V ReLU(W [x_1; ...; x_M; known]))

    With a ReLU after one layer, too; where nothing is known they are what the biases make of zeros. With no
    layer they are the features themselves, whatever the `width`.

    >>> Concatenation({"face": 6, "audio": 4}, width=8).size
    8
    """

    def __init__(self, sizes: Mapping[str, int], *, width: int = 128, layers: int = 2, dropout: float = 0.1):
        super().__init__()
        check_counts(width=width)
        if layers < 0:
            raise BadRecipe(f"expected layers of 0 or more, found {layers}")
        self.aligned = Aligned(sizes, None)
        self.size = inputs = sum(sizes.values()) + len(sizes)
        parts: list[nn.Module] = []
        for layer in range(layers):
            parts += [nn.Dropout(dropout)] if layer else []
            parts += [nn.Linear(inputs, width), nn.ReLU()]
            self.size = inputs = width
        self.project = nn.Sequential(*parts)

    def forward(self, sequences: Sequences) -> Fused:
        streams = self.aligned(sequences)
        known = torch.stack([sequences.known[name] for name in streams], dim=-1)
        seen = torch.cat(list(streams.values()), dim=-1)
        return Fused(self.project(torch.cat([seen, known.to(seen)], dim=-1)))
