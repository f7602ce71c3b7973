"""A long short-term memory that reads forwards and backwards.

Paper    Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 1997; both ways: Graves and
         Schmidhuber, "Framewise phoneme classification with bidirectional LSTM and other neural network
         architectures", Neural Networks 2005, https://doi.org/10.1016/j.neunet.2005.06.042
Needs    features of steps
Learns   everything
Differs  backwards it begins at a window's own end, not in the padding
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from facsight.core.errors import BadRecipe


class LongShortTermMemory(nn.Module):
    """`layers` layers; each direction has half of the `size` features, or one all of them."""

    def __init__(
        self,
        inputs: int,
        *,
        size: int = 128,
        layers: int = 1,
        bidirectional: bool = True,
        dropout: float = 0.0,
    ):
        super().__init__()
        if bidirectional and size % 2:
            raise BadRecipe(f"two directions share an even number of features, found size {size}")
        self.size = size
        self.lstm = nn.LSTM(
            inputs,
            size // 2 if bidirectional else size,
            layers,
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout if layers > 1 else 0.0,
        )
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, features: Float[Tensor, "batch step feature"], inside: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step size"]:
        if inside.all():  # nothing to pack: several times faster
            return self.lstm(self.dropout(features))[0]
        lengths = inside.sum(dim=1).clamp(min=1).cpu()  # a window has a step
        packed = pack_padded_sequence(self.dropout(features), lengths, batch_first=True, enforce_sorted=False)
        read, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=inside.shape[1])
        return torch.where(inside.unsqueeze(-1), read, 0.0)
