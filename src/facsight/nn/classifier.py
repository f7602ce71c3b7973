"""A network that reads faces: a backbone, and a head that turns its maps into scores with their evidence."""

from collections.abc import Sequence
from typing import Protocol, cast, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from facsight.core.errors import BadFaces
from facsight.core.prediction import Prediction


@runtime_checkable
class Backbone(Protocol):
    """Anything that turns pixels into feature maps, finest first, and says their channels."""

    channels: tuple[int, ...]

    def __call__(self, pixels: Tensor) -> list[Tensor]: ...


@runtime_checkable
class Head(Protocol):
    """What turns a backbone's maps into class scores and class maps."""

    def read(self, features: Sequence[Tensor]) -> Prediction:
        """Scores and maps; scores are computed in float32, where small differences survive."""
        ...


def grey_features(backbone: nn.Module, pixels: Float[Tensor, "batch 1 height width"]) -> list[Tensor]:
    """A backbone's maps of standardised grey faces in float32, finest first; `BadFaces` for others."""
    if pixels.ndim != 4 or pixels.shape[1] != 1:
        raise BadFaces(
            f"expected standardised grey faces (batch, 1, side, side), found {tuple(pixels.shape)}"
        )
    return [maps.float() for maps in backbone(pixels)]


class Classifier(nn.Module):
    """Pixels to a `Prediction`: `features` first, then the head's reading of them."""

    def __init__(self, backbone: nn.Module, head: nn.Module):
        super().__init__()
        self.backbone, self.head = backbone, head

    def features(self, pixels: Float[Tensor, "batch 1 height width"]) -> list[Tensor]:
        """The backbone's maps in float32, finest first."""
        return grey_features(self.backbone, pixels)

    def read(self, features: Sequence[Tensor]) -> Prediction:
        """What the head makes of the backbone's maps."""
        return cast(Head, self.head).read(features)

    def forward(self, pixels: Float[Tensor, "batch 1 height width"]) -> Prediction:
        return self.read(self.features(pixels))


def read_both_ways(network: Classifier, pixels: Float[Tensor, "batch 1 height width"]) -> Prediction:
    """The mean of what the network says of each face and of its mirror image; maps are mirrored back.

    An expression does not change in a mirror, a network's errors do: the mean is right a little more often.
    Where the logit of a class is the mean of its class map plus its bias, it still is.
    """
    return mean_of_both(network(with_mirrored(pixels)))


def with_mirrored(pixels: Float[Tensor, "batch 1 height width"]) -> Float[Tensor, "both 1 height width"]:
    """All faces, then their mirror images."""
    return torch.cat([pixels, pixels.flip(3)])


def mean_of_both(both: Prediction) -> Prediction:
    """The mean of what was said of faces and, after them, of their mirror images."""
    logits, attention, class_maps = (part.chunk(2) for part in (both.logits, both.attention, both.class_maps))
    return Prediction(
        logits=(logits[0] + logits[1]) / 2,
        attention=(attention[0] + attention[1].flip(-1)) / 2,
        class_maps=(class_maps[0] + class_maps[1].flip(-1)) / 2,
    )


def fold_normalisation(network: Classifier) -> Classifier:
    """The same network with every batch normalisation folded into the convolution before it, for reading.

    In evaluation mode a batch normalisation is a scale and a shift by channel, so the folded network says
    the same up to rounding, a little sooner. It cannot be trained further. Changes `network` and returns it.
    """
    for part in network.modules():
        if isinstance(part, nn.Sequential):
            for index in range(len(part) - 1):
                convolution, norm = part[index], part[index + 1]
                if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                    part[index] = fuse_conv_bn_eval(convolution.eval(), norm.eval())
                    part[index + 1] = nn.Identity()
    return network
