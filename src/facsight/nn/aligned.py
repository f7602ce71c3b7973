"""What a fusion block starts with: every modality's features in the width it works with."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.sequences import Sequences


class Aligned(nn.Module):
    """Each modality's features, through a linear layer where they are not `width` already; 0 where not known.

    With `width` None all stay as they are. `sizes` are then the numbers of features that come out.
    """

    def __init__(self, sizes: Mapping[str, int], width: int | None):
        super().__init__()
        self.sizes = {name: width or size for name, size in sizes.items()}
        self.layers = nn.ModuleDict(
            {name: nn.Linear(size, width) for name, size in sizes.items() if width not in (None, size)}
        )

    def forward(self, sequences: Sequences) -> dict[str, Float[Tensor, "batch step feature"]]:
        """The modalities in the block's own order; `UnknownName` where one is not there."""
        sequences = sequences.only(self.sizes)
        streams = {}
        for name, stream in sequences.streams.items():
            features = self.layers[name](stream) if name in self.layers else stream
            streams[name] = torch.where(sequences.known[name].unsqueeze(-1), features, 0.0)
        return streams
