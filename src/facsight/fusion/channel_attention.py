"""Weights over all channels of all modalities, then two layers.

Paper    CAN, as in the release that goes with Zhang, An, Ding and Guan, "Continuous emotion recognition using
         visual-audio-linguistic information", CVPR Workshops 2022 (ABAW3), https://arxiv.org/abs/2203.13031,
         and in Richet et al., 2024, https://arxiv.org/abs/2407.12927, for compound expressions
Needs    features a step of one or more modalities
Learns   a projection a modality, the weights, and two layers
Gives    shares: the sum of the weights of a modality's channels
Differs  layer normalisation in place of batch normalisation, so that a window does not depend on its batch; a
         missing modality has no weight. Only descriptions were at hand
"""

from collections.abc import Mapping

import torch
from torch import nn

from facsight.core.sequences import Sequences
from facsight.nn.aligned import Aligned, check_counts
from facsight.nn.fused import Fused, Fusion


class ChannelAttention(Fusion):
    """`channels` of each modality are weighed; the result has `width` features.

        c = [W_1 x_1; ...; W_M x_M]      a = softmax over the n channels of the known modalities of U c
        features = V' LeakyReLU(LayerNorm(V (n_all a ⊙ c)))

    n_all = M `channels`: with nothing missing, equal weights leave the channels as they are. 0 where nothing
    is known.

    >>> ChannelAttention({"face": 6, "audio": 4}, channels=3, width=8).size
    8
    """

    def __init__(
        self, sizes: Mapping[str, int], *, channels: int = 128, width: int = 128, dropout: float = 0.1
    ):
        super().__init__()
        check_counts(width=width, channels=channels)
        self.size, self.names, self.aligned = width, tuple(sizes), Aligned(sizes, None)
        whole = len(sizes) * channels
        self.layers = nn.ModuleDict({name: nn.Linear(size, channels) for name, size in sizes.items()})
        self.weigh = nn.Linear(whole, whole)
        self.read = nn.Sequential(
            nn.Linear(whole, width),
            nn.LayerNorm(width),
            nn.LeakyReLU(),
            nn.Dropout(dropout),
            nn.Linear(width, width),
        )

    def forward(self, sequences: Sequences) -> Fused:
        streams = self.aligned(sequences)
        known = torch.stack([sequences.known[name] for name in self.names], dim=-1)
        parts = [self.layers[name](stream) for name, stream in streams.items()]
        channels = torch.where(known.unsqueeze(-1), torch.stack(parts, dim=-2), 0.0)
        scores = self.weigh(channels.flatten(-2)).unflatten(-1, channels.shape[-2:])
        scores = scores.masked_fill(~known.unsqueeze(-1), -torch.inf).flatten(-2)
        weights = scores.softmax(dim=-1).nan_to_num()
        features = self.read(weights * channels.flatten(-2) * weights.shape[-1])
        shares = weights.unflatten(-1, channels.shape[-2:]).sum(dim=-1)
        anything = known.any(dim=-1, keepdim=True)
        return Fused(
            torch.where(anything, features, 0.0), {name: shares[..., k] for k, name in enumerate(self.names)}
        )
