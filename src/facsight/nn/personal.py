"""A reader for one person: their channel style between the backbone and the head.

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
from facsight.nn.channel_style import ChannelStyle
from facsight.nn.classifier import Classifier, Head


class PersonalHead(nn.Module):
    """A head that reads the last maps after the person's style."""

    def __init__(self, head: nn.Module, style: ChannelStyle):
        super().__init__()
        self.head, self.style = head, style

    def read(self, features: Sequence[Tensor]) -> Prediction:
        """What the head says of the maps, the last of them made personal."""
        return cast(Head, self.head).read([*features[:-1], self.style(features[-1])])


def personal(network: Classifier, style: ChannelStyle) -> Classifier:
    """The network as it reads one person; it shares the backbone and the head with `network`.

    `BadCheckpoint` for a style of another number of channels.
    """
    channels = cast(Sequence[int], network.backbone.channels)[-1]
    if len(style.gain) != channels:
        raise BadCheckpoint(
            f"expected a person's style of the reader's {channels} channels, found {len(style.gain)}: the "
            "person was adapted to another reader"
        )
    return Classifier(network.backbone, PersonalHead(network.head, style)).eval()


class MapsHead(nn.Module):
    """A head that reads the last maps only, as a `SplitNetwork` takes it: maps to logits."""

    def __init__(self, head: nn.Module):
        super().__init__()
        self.head = head

    def forward(self, maps: Float[Tensor, "n channel *place"]) -> Float[Tensor, "n classes"]:
        """Rows count as maps of one place."""
        return cast(Head, self.head).read([maps if maps.ndim == 4 else maps[:, :, None, None]]).logits


def style_of(tensors: dict[str, Tensor]) -> ChannelStyle:
    """The style with these `gain` and `offset`. `BadCheckpoint` for anything else, or numbers that are not
    finite."""
    if tensors.keys() != {"gain", "offset"} or tensors["gain"].shape != tensors["offset"].shape:
        raise BadCheckpoint(f"expected a gain and an offset a channel, found {', '.join(sorted(tensors))}")
    if tensors["gain"].ndim != 1 or not all(torch.isfinite(one).all() for one in tensors.values()):
        raise BadCheckpoint("a person's gains and offsets are rows of finite numbers: found something else")
    style = ChannelStyle(len(tensors["gain"])).requires_grad_(False)
    style.set(tensors["gain"].float(), tensors["offset"].float())
    return style
