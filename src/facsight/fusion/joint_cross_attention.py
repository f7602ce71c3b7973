"""Each modality attends to all of them together, by the correlation of its features with theirs.

Paper    JCA: Praveen et al., "A joint cross-attention model for audio-visual fusion in dimensional emotion
         recognition", CVPR Workshops 2022, https://arxiv.org/abs/2203.14779
Needs    features a step of two or more modalities
Learns   a steps x steps or feature x feature affine and three matrices a modality; no biases
Gives    all modalities' attended features side by side; no shares: its weights are not of modalities
Differs  any number of modalities, and unknown steps (0 in, 0 out). With `steps` it is the paper's form, whose
         weights belong to so many steps and to none else. Without, its length-free form: the affine is learnt
         on features instead of steps, the correlation is a mean over the known steps, and the sum of the
         paper's two terms, W + C W_c, is the weights that each step's features are read with. The release
         first makes 128 features of each modality (`width = 128`) and takes 8 steps (`steps = 8`)
"""

from collections.abc import Mapping

import torch

from facsight.core.sequences import Sequences
from facsight.nn.aligned import Aligned
from facsight.nn.fused import Fused, Fusion
from facsight.nn.joint_attention import JointAttention


class JointCrossAttention(Fusion):
    """Joint cross-attention, once.

        J = [X_1; ...; X_M]    C_m = tanh(X_mᵀ W_jm J / √d)    H_m = ReLU(X_mᵀ W_m + C_m W_cm)
        X_att,m = X_m + (H_m W_hm)ᵀ

    `hidden` is the paper's k; `width` first makes so many features of each modality. See `JointAttention` for
    the form without `steps`.

    >>> JointCrossAttention({"face": 6, "audio": 4}).size
    10
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        *,
        width: int | None = None,
        hidden: int = 32,
        steps: int | None = None,
    ):
        super().__init__()
        self.aligned = Aligned(sizes, width)
        self.attention = JointAttention(self.aligned.sizes, hidden=hidden, steps=steps)
        self.size = sum(self.aligned.sizes.values())

    def forward(self, sequences: Sequences) -> Fused:
        attended = self.attention(self.aligned(sequences), sequences.known)
        return Fused(torch.cat(list(attended.values()), dim=-1))
