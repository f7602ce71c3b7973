"""A backbone with a linear head on averaged features, whose class maps are exact by construction."""

from typing import Protocol, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from facsight.core.errors import BadFaces
from facsight.core.prediction import Prediction


class Backbone(Protocol):
    """Anything that turns pixels into feature maps, finest first, and says their channels."""

    channels: tuple[int, ...]

    def __call__(self, pixels: Tensor) -> list[Tensor]: ...


class Classifier(nn.Module):
    """Pixels to a `Prediction`.

    Global average pooling and a linear layer (Zhou et al., "Learning deep features for discriminative
    localization", CVPR 2016): the logit of class k is the mean of its class map plus its bias, exactly.
    """

    def __init__(self, backbone: nn.Module, *, classes: int, dropout: float = 0.2):
        super().__init__()
        self.backbone = backbone
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(cast(Backbone, backbone).channels[-1], classes)

    def features(self, pixels: Float[Tensor, "batch 1 height width"]) -> list[Tensor]:
        """The backbone's maps in float32, finest first."""
        if pixels.ndim != 4 or pixels.shape[1] != 1:
            raise BadFaces(
                f"expected standardised grey faces (batch, 1, side, side), found {tuple(pixels.shape)}"
            )
        return [maps.float() for maps in self.backbone(pixels)]

    def logits(self, maps: Float[Tensor, "batch dim h w"]) -> Float[Tensor, "batch class"]:
        """Class scores of the last maps; always in float32, where small differences of scores survive."""
        with torch.autocast(maps.device.type, enabled=False):
            return self.head(self.dropout(maps.mean(dim=(2, 3))))

    def forward(self, pixels: Float[Tensor, "batch 1 height width"]) -> Prediction:
        maps = self.features(pixels)[-1]
        with torch.autocast(maps.device.type, enabled=False):
            class_maps = torch.einsum("kd,bdhw->bkhw", self.head.weight, maps)
        return Prediction(logits=self.logits(maps), attention=maps.mean(dim=1), class_maps=class_maps)


def read_both_ways(network: Classifier, pixels: Float[Tensor, "batch 1 height width"]) -> Prediction:
    """The mean of what the network says of each face and of its mirror image; maps are mirrored back.

    An expression does not change in a mirror, a network's errors do: the mean is right a little more often.
    The logit of a class still is the mean of its class map plus its bias.
    """
    both = network(torch.cat([pixels, pixels.flip(3)]))
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
