"""A network that reads action units: a backbone, and a head that decides on every unit, with its evidence."""

from collections.abc import Sequence
from typing import Protocol, cast, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.prediction import UnitPrediction
from facsight.nn.classifier import grey_features, with_mirrored


@runtime_checkable
class UnitHead(Protocol):
    """What turns a backbone's maps into a decision on each of its action units, and where it comes from."""

    action_units: tuple[int, ...]

    def read(self, features: Sequence[Tensor]) -> UnitPrediction:
        """Logits and maps of the units, in float32."""
        ...


class UnitNetwork(nn.Module):
    """Pixels to a `UnitPrediction`: `features` first, then the head's reading of them."""

    def __init__(self, backbone: nn.Module, head: nn.Module):
        super().__init__()
        self.backbone, self.head = backbone, head

    @property
    def action_units(self) -> tuple[int, ...]:
        """FACS numbers, in the order of logits and maps."""
        return cast(UnitHead, self.head).action_units

    def features(self, pixels: Float[Tensor, "batch 1 height width"]) -> list[Tensor]:
        """The backbone's maps in float32, finest first."""
        return grey_features(self.backbone, pixels)

    def read(self, features: Sequence[Tensor]) -> UnitPrediction:
        """What the head makes of the backbone's maps."""
        return cast(UnitHead, self.head).read(features)

    def forward(self, pixels: Float[Tensor, "batch 1 height width"]) -> UnitPrediction:
        return self.read(self.features(pixels))


def read_units_both_ways(
    network: UnitNetwork, pixels: Float[Tensor, "batch 1 height width"]
) -> UnitPrediction:
    """The mean of what the network says of each face and of its mirror image; maps are mirrored back."""
    both = network(with_mirrored(pixels))
    (one, other), maps = both.logits.chunk(2), both.maps.chunk(2)
    edges = None if both.edges is None else torch.stack(both.edges.chunk(2)).mean(dim=0)
    return UnitPrediction((one + other) / 2, (maps[0] + maps[1].flip(-1)) / 2, edges)
