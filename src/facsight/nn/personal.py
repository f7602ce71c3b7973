"""What belongs to one person in a reader: an operation on channels between the backbone and the head.

It acts on every place alike, so that maps of evidence stay what they are: the head reads personal maps as it
reads any, and the backbone's pass is shared with whoever reads the same face without it.
"""

from collections.abc import Sequence
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.errors import BadCheckpoint
from facsight.core.prediction import Prediction
from facsight.nn.classifier import Classifier, Head


class ChannelAffine(nn.Module):
    r"""Each channel scaled and shifted, wherever it is: :math:`z'_{cp} = s_c z_{cp} + t_c`.

    >>> part = ChannelAffine(torch.tensor([1.0, 2.0]), torch.tensor([0.5, 0.0]))
    >>> part(torch.tensor([[1.0, 3.0]])).tolist()
    [[1.5, 6.0]]
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, scale: Float[Tensor, "channel"], shift: Float[Tensor, "channel"]):
        super().__init__()
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)

    def forward(
        self, features: Float[Tensor, "batch channel *place"]
    ) -> Float[Tensor, "batch channel *place"]:
        over = (1, -1, *[1] * (features.ndim - 2))
        return features * self.scale.view(over) + self.shift.view(over)


class PersonalHead(nn.Module):
    """A head that reads the last maps after the person's part."""

    def __init__(self, head: nn.Module, part: nn.Module):
        super().__init__()
        self.head, self.part = head, part

    def read(self, features: Sequence[Tensor]) -> Prediction:
        """What the head says of the maps, the last of them made personal."""
        return cast(Head, self.head).read([*features[:-1], self.part(features[-1])])


def personal(network: Classifier, part: ChannelAffine) -> Classifier:
    """The network as it reads one person; it shares the backbone and the head with `network`.

    `BadCheckpoint` for a part of another number of channels, or with a number that is not finite.
    """
    channels = cast(Sequence[int], network.backbone.channels)[-1]
    for name, found in (("scale", part.scale), ("shift", part.shift)):
        if found.shape != (channels,):
            raise BadCheckpoint(
                f"expected a person's {name} for the reader's {channels} channels, found "
                f"{tuple(found.shape)}: the person was adapted to another reader"
            )
        if not torch.isfinite(found).all():
            raise BadCheckpoint(f"a person's {name} must be finite, found NaN or infinity: adapt again")
    return Classifier(network.backbone, PersonalHead(network.head, part)).eval()
