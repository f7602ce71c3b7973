"""A classifier cut in two, between which a person's style can be taken off: inputs, features, logits."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.errors import BadTraining
from facsight.nn.classifier import Classifier

#: Inputs that are encoded at once where there are many.
AT_ONCE = 256


class SplitNetwork(nn.Module):
    """`encoder` from inputs to features (n, channel, *place), `head` from features to logits (n, class).

    Features may be rows (no places) or maps (height x width). Whatever is personal acts on channels, the
    same at all places, so that maps of evidence stay maps. `channels` is their number: that of the head's
    first layer unless told.
    """

    def __init__(self, encoder: nn.Module, head: nn.Module, *, channels: int | None = None):
        super().__init__()
        self.encoder, self.head = encoder, head
        self.channels = channels or _entering(head)

    def encode(self, inputs: Float[Tensor, "n *shape"]) -> Float[Tensor, "n channel *place"]:
        """Features of each input, in float32."""
        return self.encoder(inputs).float()

    def decide(self, features: Float[Tensor, "n channel *place"]) -> Float[Tensor, "n classes"]:
        """Logits of features, in float32."""
        with torch.autocast(features.device.type, enabled=False):
            return self.head(features)

    def forward(self, inputs: Float[Tensor, "n *shape"]) -> Float[Tensor, "n classes"]:
        return self.decide(self.encode(inputs))

    @torch.no_grad()
    def encode_all(
        self, inputs: Float[Tensor, "n *shape"], then: Callable[[Tensor], Tensor] | None = None
    ) -> Float[Tensor, "n *kept"]:
        """Features of many inputs, or what `then` makes of them, on the network's device, without gradients.

        Inputs go to the device and through the network a part at a time, and of each part only what `then`
        gives is kept: of many maps, keep less.
        """
        device, keep = next(self.parameters()).device, then or nn.Identity()
        parts = inputs.tensor_split(
            -(-len(inputs) // AT_ONCE) or 1
        )  # of even length: statistics may be taken
        return torch.cat([keep(self.encode(part.to(device))) for part in parts])


def _entering(head: nn.Module) -> int:
    for part in head.modules():
        if isinstance(part, nn.Linear):
            return part.in_features
        if isinstance(part, nn.Conv2d):
            return part.in_channels
    raise BadTraining(
        f"expected a head with a linear layer, by which features have channels, found {type(head).__name__}: "
        "say SplitNetwork(..., channels=...)"
    )


class PooledHead(nn.Module):
    """Features averaged over their places, if they have any, then a linear layer.

    As averaging and the layer are linear, the logits are the mean over places of the layer's class maps.
    """

    def __init__(self, channels: int, *, classes: int):
        super().__init__()
        self.linear = nn.Linear(channels, classes)

    def forward(self, features: Float[Tensor, "n channel *place"]) -> Float[Tensor, "n classes"]:
        return self.linear(pooled(features))


def pooled(features: Float[Tensor, "n channel *place"]) -> Float[Tensor, "n channel"]:
    """Features averaged over their places, if they have any."""
    return features.flatten(2).mean(dim=2) if features.ndim > 2 else features


def split(network: Classifier) -> SplitNetwork:
    """A classifier of faces cut before its head: what the backbone's last maps are read as does not change.

    Both share their weights. For heads that read the last maps only, such as `gap`.
    """
    return SplitNetwork(_LastMaps(network), _HeadLogits(network))


class _LastMaps(nn.Module):
    def __init__(self, network: Classifier):
        super().__init__()
        self.backbone = network.backbone
        self.features = network.features

    def forward(self, pixels: Tensor) -> Tensor:
        return self.features(pixels)[-1]


class _HeadLogits(nn.Module):
    def __init__(self, network: Classifier):
        super().__init__()
        self.head = network.head
        self.read = network.read

    def forward(self, maps: Tensor) -> Tensor:
        return self.read([maps]).logits
