"""Two classifiers on shared features; the second sees what the first did not need.

Paper    Zhang, Wei, Feng, Yang and Huang, "Adversarial complementary learning for weakly supervised object
         localization", CVPR 2018, https://arxiv.org/abs/1804.06962
Needs    any backbone; trained by the method acol
Shows    the larger of both branches' class maps; the logits are those of the first branch
Differs  each branch is one 3 x 3 and one 1 x 1 convolution (the paper: two and one, wider); both maps are
         joined as they are, not each scaled to [0, 1], so that signs keep their meaning
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from facsight.core.errors import BadRecipe
from facsight.core.prediction import Prediction
from facsight.nn.classifier import Backbone


@dataclass(frozen=True)
class Branches:
    """The class maps of both branches."""

    first: Float[Tensor, "batch class h w"]
    second: Float[Tensor, "batch class h w"]


class TwoBranches(nn.Module):
    """Two small convolutional classifiers of `hidden` channels; features are erased between them.

    A place is erased if the first branch's map, scaled to [0, 1], exceeds `threshold` there (delta).
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        classes: int,
        dropout: float = 0.2,
        hidden: int = 32,
        threshold: float = 0.6,
    ):
        super().__init__()
        if not 0 < threshold < 1:
            raise BadRecipe(f"the erasing threshold lies between 0 and 1, found {threshold}")
        self.threshold = threshold
        self.first, self.second = (
            nn.Sequential(
                nn.Dropout2d(dropout),
                nn.Conv2d(backbone.channels[-1], hidden, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(hidden, classes, 1),
            )
            for _ in range(2)
        )

    def read(self, features: Sequence[Tensor]) -> Prediction:
        """As when nobody tells the label: what spoke for the first branch's own choice is erased."""
        first = self.first(features[-1]).float()
        return self.joined(features, self._branches(features, first, first.mean(dim=(2, 3)).argmax(dim=1)))

    def branches(self, features: Sequence[Tensor], label: Int[Tensor, "batch"]) -> Branches:
        """Both branches' maps, with the places erased that spoke for `label` in the first."""
        return self._branches(features, self.first(features[-1]).float(), label)

    def joined(self, features: Sequence[Tensor], maps: Branches) -> Prediction:
        """The first branch's logits, the channel mean of the last maps, the larger of both class maps."""
        logits = maps.first.mean(dim=(2, 3))
        return Prediction(logits, features[-1].mean(dim=1), torch.maximum(maps.first, maps.second))

    def _branches(self, features: Sequence[Tensor], first: Tensor, label: Tensor) -> Branches:
        about = first[torch.arange(len(label), device=label.device), label]
        return Branches(first, self.second(erase(features[-1], about, self.threshold)).float())


def erase(
    features: Float[Tensor, "batch dim h w"], class_map: Float[Tensor, "batch h w"], threshold: float
) -> Float[Tensor, "batch dim h w"]:
    """Features, zero where the class map, scaled to [0, 1], exceeds the threshold; not where it is constant.

    >>> erase(torch.ones(1, 1, 1, 3), torch.tensor([[[-2.0, 1.0, 2.0]]]), 0.6)
    tensor([[[[1., 0., 0.]]]])
    """
    still = class_map.detach()
    low, high = still.amin(dim=(1, 2), keepdim=True), still.amax(dim=(1, 2), keepdim=True)
    return features * (still - low <= threshold * (high - low)).unsqueeze(1)
