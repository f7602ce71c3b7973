"""Joint cross-attention again and again: what was attended to is what is looked at next.

Paper    RJA: Praveen, Granger and Cardinal, "Recursive joint attention for audio-visual fusion in regression
         based emotion recognition", ICASSP 2023, https://arxiv.org/abs/2304.07958
Paper    RJCMA: Praveen and Alam, "Recursive joint cross-modal attention for multimodal fusion in dimensional
         emotion recognition", CVPR Workshops 2024, https://arxiv.org/abs/2403.13659: the same block on face,
         audio and text, with as many features as each of them has
Needs    features a step of two or more modalities
Learns   the matrices of joint cross-attention, once for all rounds or for each
Gives    all modalities' attended features side by side; no shares
Differs  recurrent layers before and after (RJA) and convolutions in time (RJCMA) are encoders and `temporal`
         of the network, not of this block. The releases give each round its own weights
         (`share_weights = False`) and set one round (RJA) or two (RJCMA) where the papers found three best.
         Length-free form and unknown steps as in joint_cross_attention
"""

from collections.abc import Mapping

import torch
from torch import nn

from facsight.core.errors import BadRecipe
from facsight.core.sequences import Sequences
from facsight.nn.aligned import Aligned
from facsight.nn.fused import Fused, Fusion
from facsight.nn.joint_attention import JointAttention


class RecursiveAttention(Fusion):
    """Joint cross-attention, `iterations` times (l = 1 .. R).

        X_m⁰ = X_m    X_mˡ = X_mˡ⁻¹ + (H_mˡ W_hm)ᵀ    Jˡ = [X_1ˡ; ...; X_Mˡ]

    >>> block = RecursiveAttention({"face": 6, "audio": 4, "text": 2}, iterations=2)
    >>> block.size, len(block.rounds)
    (12, 1)
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        *,
        width: int | None = None,
        hidden: int = 32,
        steps: int | None = None,
        iterations: int = 3,
        share_weights: bool = True,
    ):
        super().__init__()
        if iterations < 1:
            raise BadRecipe(f"`iterations` counts rounds from 1 up, found {iterations}")
        self.aligned, self.iterations = Aligned(sizes, width), iterations
        self.rounds = nn.ModuleList(
            JointAttention(self.aligned.sizes, hidden=hidden, steps=steps)
            for _ in range(1 if share_weights else iterations)
        )
        self.size = sum(self.aligned.sizes.values())

    def forward(self, sequences: Sequences) -> Fused:
        streams = self.aligned(sequences)
        for iteration in range(self.iterations):
            streams = self.rounds[iteration % len(self.rounds)](streams, sequences.known)
        return Fused(torch.cat(list(streams.values()), dim=-1))
