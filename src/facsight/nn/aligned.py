"""What a fusion block starts with: every modality's features in the width it works with."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe
from facsight.core.sequences import Sequences


class Aligned(nn.Module):
    """Each modality's features, through a linear layer where they are not `width` already; 0 where not known.

    With `width` None all stay as they are. `sizes` are then the numbers of features that come out. What a
    stream holds where it is not known is never computed with, so it may be anything. `BadRecipe` for sizes or
    a width that no features have, and for streams of other sizes; `UnknownName` for a modality that is not
    there.

    >>> Aligned({"face": 4, "audio": 2}, 8).sizes
    {'face': 8, 'audio': 8}
    """

    def __init__(self, sizes: Mapping[str, int], width: int | None):
        super().__init__()
        _check(sizes, width)
        self.expected = dict(sizes)
        self.sizes = {name: size if width is None else width for name, size in sizes.items()}
        self.layers = nn.ModuleDict(
            {name: nn.Linear(size, width) for name, size in sizes.items() if width not in (None, size)}
        )

    def forward(self, sequences: Sequences) -> dict[str, Float[Tensor, "batch step feature"]]:
        """The modalities in the block's own order."""
        streams = {}
        for name, stream in sequences.only(self.sizes).streams.items():
            if stream.ndim != 3 or stream.shape[-1] != self.expected[name]:
                raise BadRecipe(
                    f"expected {self.expected[name]} features in each step of the modality {name!r}, found "
                    f"the shape {tuple(stream.shape)}: make the block for this size, or encode the modality"
                )
            known = sequences.known[name].unsqueeze(-1)
            streams[name] = torch.where(known, stream, 0.0)
            if name in self.layers:
                streams[name] = torch.where(known, self.layers[name](streams[name]), 0.0)
        return streams


def _check(sizes: Mapping[str, int], width: int | None) -> None:
    if not sizes:
        raise BadRecipe("expected the sizes of one or more modalities to fuse, found none")
    for name, size in sizes.items():
        if size < 1:
            raise BadRecipe(f"expected 1 or more features of the modality {name!r}, found {size}")
        if not name or "." in name:
            raise BadRecipe(
                f"expected a modality's name without dots, found {name!r}: weights are named by it"
            )
    if width is not None:
        check_counts(width=width)


def check_counts(**options: int) -> None:
    """`BadRecipe` names an option that is not 1 or more.

    >>> check_counts(width=8, layers=1)
    """
    for name, value in options.items():
        if value < 1:
            raise BadRecipe(f"expected {name} of 1 or more, found {value}")
