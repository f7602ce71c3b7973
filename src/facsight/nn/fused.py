"""The contract of a block that makes one stream of features of several modalities."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.sequences import Sequences


@dataclass(frozen=True)
class Fused:
    """The features of each step, and what part each modality has in them.

    `shares` sum to 1 over the modalities in every step where one is known, and are 0 elsewhere; None where
    the block has no such weights.
    """

    features: Float[Tensor, "batch step feature"]
    shares: Mapping[str, Float[Tensor, "batch step"]] | None = None


class Fusion(nn.Module, ABC):
    """One paper: how the features of several modalities become one.

    A block is made of `sizes`, the number of features of each modality in order, and options; it gives `size`
    features a step. What it keeps (`tests/fusion/test_every_fusion.py`): a window's features do not depend on
    the other windows of its batch; what is not known weighs nothing, be it a step or a whole modality; steps
    beyond the end change nothing; every modality is learnt from.
    """

    size: int

    @abstractmethod
    def forward(self, sequences: Sequences) -> Fused:
        """Fuse windows whose streams are (batch, step, feature)."""
