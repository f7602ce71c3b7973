"""Peak response mapping: the logit of a class is the mean of its map's peaks, so that training sharpens them.

Paper    Zhou, Zhu, Ye, Qiu and Jiao, "Weakly supervised instance segmentation using class peak response",
         CVPR 2018, https://arxiv.org/abs/1804.00880
Needs    any backbone
Shows    the class response map; its logit is the mean of its local maxima (peak stimulation, section 3.2)
Differs  peaks are not propagated back into the picture (section 3.3), which takes one pass a peak: the class
         map is what is shown; no filter on weak peaks, as in the paper's text; whole channels may be dropped
         before the map
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe
from facsight.core.prediction import Prediction
from facsight.nn.classifier import Backbone


class PeakStimulation(nn.Module):
    """Class maps by 1 x 1 convolution; the mean of a map's maxima is its logit.

    A maximum is the highest of the `window` x `window` places around it.
    """

    def __init__(self, backbone: Backbone, *, classes: int, dropout: float = 0.2, window: int = 3):
        super().__init__()
        if window < 3 or window % 2 == 0:
            raise BadRecipe(f"a peak's window is an odd number of places, 3 or more, found {window}")
        self.window, self.dropout = window, nn.Dropout2d(dropout)
        self.maps = nn.Conv2d(backbone.channels[-1], classes, 1)

    def read(self, features: Sequence[Tensor]) -> Prediction:
        """Logits, the channel mean of the last maps, and the class maps."""
        maps = features[-1]
        with torch.autocast(maps.device.type, enabled=False):
            class_maps = self.maps(self.dropout(maps))
            found = peaks(class_maps, self.window)
            logits = torch.where(found, class_maps, 0.0).sum(dim=(2, 3)) / found.sum(dim=(2, 3))
            return Prediction(logits, maps.mean(dim=1), class_maps)


def peaks(maps: Float[Tensor, "batch class h w"], window: int = 3) -> Bool[Tensor, "batch class h w"]:
    """Where no place of the window around it is higher; every map has at least one.

    >>> peaks(torch.tensor([[[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 3.0]]]])).nonzero()[:, 2:].tolist()
    [[0, 0], [0, 2], [2, 0], [2, 2]]
    """
    still = maps.detach()
    return F.max_pool2d(still, window, stride=1, padding=window // 2) == still
