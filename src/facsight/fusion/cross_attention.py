"""Each modality is read again through its correlation, step by step, with each of the others.

Paper    CA: Praveen, Granger and Cardinal, "Cross attentional audio-visual fusion for dimensional emotion
         recognition", FG 2021, https://arxiv.org/abs/2111.05222
Needs    features a step of two or more modalities, in windows of any length
Learns   a projection a modality to `width`, and a matrix of correlation a pair of modalities
Gives    all attended modalities side by side; no shares
Differs  attention runs over known steps only; with more than two modalities a modality's readings by the
         others that are known are averaged; the correlation is divided by √d. Of the paper only descriptions
         were at hand
"""

from collections.abc import Mapping
from itertools import combinations

import torch
from torch import Tensor, nn

from facsight.core.errors import BadRecipe
from facsight.core.sequences import Sequences
from facsight.nn.aligned import Aligned
from facsight.nn.fused import Fused, Fusion


class CrossAttention(Fusion):
    """`width` features a modality.

        Z_mn = X_m W_mn X_nᵀ / √d      (steps of m x steps of n; Z_nm = Z_mnᵀ)
        X_m' = tanh(X_m + mean over the others n of softmax(Z_nm over the steps of m) X_m)

    So what n shows in a step says which steps of m are read there. Time and memory grow with the square of
    the number of steps. 0 where a modality is not known.

    >>> CrossAttention({"face": 6, "audio": 4}, width=8).size
    16
    """

    def __init__(self, sizes: Mapping[str, int], *, width: int = 128):
        super().__init__()
        if len(sizes) < 2:
            raise BadRecipe(f"cross-attention needs two modalities, found {', '.join(sizes) or 'none'}")
        self.aligned = Aligned(sizes, width)
        self.names, self.size = tuple(sizes), len(sizes) * width
        self.correlate = nn.ModuleDict(
            {_pair(*pair): nn.Linear(width, width, bias=False) for pair in combinations(self.names, 2)}
        )

    def forward(self, sequences: Sequences) -> Fused:
        streams = self.aligned(sequences)
        known = {name: sequences.known[name].unsqueeze(-1) for name in self.names}
        read = {name: torch.zeros_like(stream) for name, stream in streams.items()}
        for one, other in combinations(self.names, 2):
            left = self.correlate[_pair(one, other)](streams[one])
            scores = left @ streams[other].transpose(-1, -2) / left.shape[-1] ** 0.5
            read[one] = read[one] + _read(scores.transpose(-1, -2), streams[one], known[one], known[other])
            read[other] = read[other] + _read(scores, streams[other], known[other], known[one])
        others = torch.stack(list(known.values())).sum(dim=0) - 1
        attended = [
            torch.where(known[name], (streams[name] + read[name] / others.clamp(min=1)).tanh(), 0.0)
            for name in self.names
        ]
        return Fused(torch.cat(attended, dim=-1))


def _read(scores: Tensor, stream: Tensor, own: Tensor, other: Tensor) -> Tensor:
    """The steps of a stream as each step of another modality correlates with them; 0 where that has none."""
    weights = scores.masked_fill(~own.transpose(-1, -2), -torch.inf).softmax(dim=-1).nan_to_num()
    return torch.where(other, weights @ stream, 0.0)


def _pair(one: str, other: str) -> str:
    return f"{one} and {other}"
