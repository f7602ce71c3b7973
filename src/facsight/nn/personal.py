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
from facsight.nn.split_network import pooled
from facsight.nn.translator import Translator


class TranslatedStyle(nn.Module):
    """A person's gain and offset a channel, and what a translator then adds to the means over places.

    The same is added at all places, so that maps stay maps, and rows of means are read as their maps are.
    """

    def __init__(self, own: ChannelStyle, translator: Translator):
        super().__init__()
        self.own, self.translator = own, translator

    @property
    def channels(self) -> int:
        return self.own.channels

    def forward(self, features: Float[Tensor, "n channel *place"]) -> Float[Tensor, "n channel *place"]:
        styled = self.own(features)
        means = pooled(styled)
        added = self.translator(means) - means
        return styled + added.reshape(*added.shape, *[1] * (features.ndim - 2))


#: What a person file holds.
PersonStyle = ChannelStyle | TranslatedStyle


class PersonalHead(nn.Module):
    """A head that reads the last maps after the person's style."""

    def __init__(self, head: nn.Module, style: PersonStyle):
        super().__init__()
        self.head, self.style = head, style

    def read(self, features: Sequence[Tensor]) -> Prediction:
        """What the head says of the maps, the last of them made personal."""
        return cast(Head, self.head).read([*features[:-1], self.style(features[-1])])


def personal(network: Classifier, style: PersonStyle) -> Classifier:
    """The network as it reads one person; it shares the backbone and the head with `network`.

    `BadCheckpoint` for a style of another number of channels.
    """
    channels = cast(Sequence[int], network.backbone.channels)[-1]
    if style.channels != channels:
        raise BadCheckpoint(
            f"expected a person's style of the reader's {channels} channels, found {style.channels}: the "
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


def style_of(tensors: dict[str, Tensor]) -> PersonStyle:
    """The style with these tensors. `BadCheckpoint` for anything else, or numbers that are not finite."""
    if not all(torch.isfinite(one).all() for one in tensors.values()):
        raise BadCheckpoint("a person's gains and offsets are rows of finite numbers: found something else")
    channels, hidden = _sizes(tensors)
    style: PersonStyle = ChannelStyle(channels)
    if hidden:
        style = TranslatedStyle(style, Translator(channels, hidden=hidden))
    own = style.state_dict()
    if {name: one.shape for name, one in tensors.items()} != {name: one.shape for name, one in own.items()}:
        raise BadCheckpoint(
            "expected a gain and an offset a channel, and a translator's layers or none, found "
            + ", ".join(f"{name} {tuple(one.shape)}" for name, one in sorted(tensors.items()))
        )
    style.load_state_dict(tensors)
    return style.requires_grad_(False)


def _sizes(tensors: dict[str, Tensor]) -> tuple[int, int]:
    """How many channels it would have as a style, and how wide its translator would be, 0 for none."""
    inner = tensors.get("translator.inner.bias", torch.zeros(0))
    return tensors.get("own.gain" if len(inner) else "gain", torch.zeros(0)).numel(), inner.numel()
