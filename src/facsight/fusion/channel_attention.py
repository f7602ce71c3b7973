"""Weights over all channels of all modalities, then two layers.

Paper    CAN, as in Zhang et al., "Continuous emotion recognition using visual-audio-linguistic information",
         CVPR Workshops 2022 (ABAW3), and the release for compound expressions of Richet et al., 2024,
         arXiv 2407.12927
Needs    features of one or several modalities
Learns   a projection a modality, the weights, and two layers
Gives    shares: the sum of a modality's weights
Differs  layer normalisation in place of batch normalisation, so that a window does not depend on its batch; a
         missing modality has no weight. Of the paper only descriptions were at hand
"""

from collections.abc import Mapping

import torch
from torch import nn

from facsight.core.sequences import Sequences
from facsight.nn.fused import Fused, Fusion


class ChannelAttention(Fusion):
    """`channels` of each modality are weighed; the result has `width` features."""

    def __init__(
        self, sizes: Mapping[str, int], *, channels: int = 128, width: int = 128, dropout: float = 0.1
    ):
        super().__init__()
        self.size, self.names = width, tuple(sizes)
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
        sequences = sequences.only(self.names)
        known = torch.stack(list(sequences.known.values()), dim=-1)
        parts = [self.layers[name](stream) for name, stream in sequences.streams.items()]
        channels = torch.where(known.unsqueeze(-1), torch.stack(parts, dim=-2), 0.0)
        scores = self.weigh(channels.flatten(-2)).unflatten(-1, channels.shape[-2:])
        scores = scores.masked_fill(~known.unsqueeze(-1), -torch.inf).flatten(-2)
        weights = scores.softmax(dim=-1).nan_to_num().unflatten(-1, channels.shape[-2:])
        # times their number, so that equal weights leave channels as they are
        features = self.read((weights * channels).flatten(-2) * weights[0, 0].numel())
        shares = weights.sum(dim=-1)
        anything = known.any(dim=-1, keepdim=True)
        return Fused(
            torch.where(anything, features, 0.0), {name: shares[..., k] for k, name in enumerate(self.names)}
        )
