"""Each modality is re-read through its correlation with a projection of all of them.

Paper    Praveen, Cardinal and Granger, "Audio-visual fusion for emotion recognition in the valence-arousal
         space using joint cross-attention", T-BIOM 2023, https://arxiv.org/abs/2209.09068: the layer that
         its release trains, which is not the one of its equations (that one is joint_cross_attention)
Needs    features a step of two or more modalities
Learns   a projection of all features together, and for each modality an affine, a projection and a way back
Gives    all modalities' attended features side by side; no shares
Differs  the affine over steps has no bias, so that a modality that is not there correlates with nothing;
         unknown steps are 0 in and out. Without `steps` the affine is learnt on features instead, and the
         correlation is a mean over the known steps: any length will do. The attention over a face's places
         before it, the recurrent layers after it and their normalisations are of the network, not of this
         block
"""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe
from facsight.core.sequences import Sequences
from facsight.nn.aligned import Aligned
from facsight.nn.fused import Fused, Fusion
from facsight.nn.joint_attention import Correlation


class CoAttention(Fusion):
    """`layers` layers of co-attention.

        J = W [X_1; ...; X_M]    S_m = dropout(tanh(X_mᵀ W_jm J / √d))    Y_m = ReLU(tanh(V_m X_m S_m))
        X_m <- X_m + dropout(ReLU(U_m Y_m))

    d is `joint`, by default as many features as all modalities have together (the release: 1024 for
    512 + 512, in windows of `steps = 16`).

    >>> CoAttention({"face": 6, "audio": 4}, layers=2).size
    10
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        *,
        width: int | None = None,
        joint: int | None = None,
        steps: int | None = None,
        layers: int = 1,
        dropout: float = 0.6,
    ):
        super().__init__()
        if layers < 1:
            raise BadRecipe(f"`layers` counts layers from 1 up, found {layers}")
        self.aligned = Aligned(sizes, width)
        self.size = sum(self.aligned.sizes.values())
        self.layers = nn.ModuleList(
            _Layer(self.aligned.sizes, joint or self.size, steps, dropout) for _ in range(layers)
        )

    def forward(self, sequences: Sequences) -> Fused:
        streams = self.aligned(sequences)
        for layer in self.layers:
            streams = layer(streams, sequences.known)
        return Fused(torch.cat(list(streams.values()), dim=-1))


class _Layer(nn.Module):
    """One layer: the joint projection, and each modality's re-reading."""

    def __init__(self, sizes: Mapping[str, int], joint: int, steps: int | None, dropout: float):
        super().__init__()
        self.joint = nn.Linear(sum(sizes.values()), joint)
        self.rereading = nn.ModuleDict(
            {name: _Rereading(size, joint, steps, dropout) for name, size in sizes.items()}
        )

    def forward(
        self,
        streams: Mapping[str, Float[Tensor, "batch step feature"]],
        known: Mapping[str, Bool[Tensor, "batch step"]],
    ) -> dict[str, Float[Tensor, "batch step feature"]]:
        together = torch.cat([streams[name] for name in self.rereading], dim=-1)
        anything = torch.stack([known[name] for name in self.rereading]).any(dim=0)
        joint = torch.where(anything.unsqueeze(-1), self.joint(together), 0.0)
        attended = {
            name: reread(streams[name], joint, known[name]) for name, reread in self.rereading.items()
        }
        return {name: torch.where(known[name].unsqueeze(-1), x, 0.0) for name, x in attended.items()}


class _Rereading(nn.Module):
    """One modality's part of a layer."""

    def __init__(self, size: int, joint: int, steps: int | None, dropout: float):
        super().__init__()
        self.correlation = Correlation(size, steps=steps)
        self.project, self.back = nn.Linear(size, size), nn.Linear(joint, size)
        self.dropout = nn.Dropout(dropout)

    def forward(self, own: Tensor, joint: Tensor, known: Tensor) -> Tensor:
        similar = self.dropout(self.correlation(own, joint, known))
        reread = (self.project(own) @ similar).tanh().relu()
        return own + self.dropout(self.back(reread).relu())
