"""All modalities and steps as tokens of one transformer: the baseline that says nothing about modalities.

Paper    Vaswani et al., "Attention is all you need", NeurIPS 2017, https://arxiv.org/abs/1706.03762, the
         encoder; with a learnt vector a modality, as segments have in Devlin et al., "BERT", NAACL 2019,
         https://arxiv.org/abs/1810.04805
Needs    features a step of one or more modalities, in windows of any length
Learns   a projection and a vector a modality, and the encoder's layers
Gives    the mean of a step's known tokens; no shares
Differs  normalises before each part, not after; no dropout on the weights of attention; a token that says
         nothing stands before the others, so that there always is something to attend to
"""

from collections.abc import Mapping

import torch
from torch import nn

from facsight.core.errors import BadRecipe
from facsight.core.sequences import Sequences
from facsight.nn.aligned import Aligned, check_counts
from facsight.nn.fused import Fused, Fusion
from facsight.nn.temporal.time_transformer import sinusoids


class TokenTransformer(Fusion):
    """`layers` layers of `width` features and `heads` heads, with twice as many hidden units.

    A token is W_m x_m + e_m + the sines and cosines of its step's number, so that tokens of one step find
    each other. Time and memory grow with the square of modalities times steps. 0 where nothing is known.

    >>> TokenTransformer({"face": 6, "audio": 4}, width=8).size
    8
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        *,
        width: int = 128,
        heads: int = 4,
        layers: int = 2,
        dropout: float = 0.1,
    ):
        super().__init__()
        check_counts(width=width, heads=heads, layers=layers)
        if width % heads or width % 2:
            raise BadRecipe(f"expected an even width that {heads} heads can share, found {width}")
        self.aligned = Aligned(sizes, width)
        self.names, self.size = tuple(sizes), width
        self.modality = nn.Parameter(0.02 * torch.randn(len(sizes), width))
        self.nothing = nn.Parameter(0.02 * torch.randn(1, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        layer.self_attn.dropout = 0.0  # which would keep all weights: gigabytes for ten minutes
        self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)

    def forward(self, sequences: Sequences) -> Fused:
        tokens = torch.stack(list(self.aligned(sequences).values()), dim=2) + self.modality
        tokens = tokens + sinusoids(tokens.shape[1], self.size).to(tokens).unsqueeze(1)
        known = torch.stack([sequences.known[name] for name in self.names], dim=2)
        first = self.nothing.expand(len(tokens), 1, self.size)
        there = torch.cat([known.new_ones(len(tokens), 1), known.flatten(1)], dim=1)
        read = self.encoder(torch.cat([first, tokens.flatten(1, 2)], dim=1), src_key_padding_mask=~there)
        read = read[:, 1:].unflatten(1, known.shape[1:])
        counted = torch.where(known.unsqueeze(-1), read, 0.0).sum(dim=2)
        return Fused(counted / known.sum(dim=2, keepdim=True).clamp(min=1))
