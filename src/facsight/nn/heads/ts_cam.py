"""TS-CAM: the class token's attention says where, a convolution on patch tokens says what.

Paper    Gao, Wan, Pan, Peng, Tian, Han, Zhou and Ye, "TS-CAM: token semantic coupled attention map for weakly
         supervised object localization", ICCV 2021, https://arxiv.org/abs/2103.14862
Needs    a backbone with a class token: small_deit
Shows    each class's semantic map times the class token's attention, mean over heads, summed over blocks
         (eq. 7); the logit of a class is the mean of its semantic map
Differs  a small network trained on faces from scratch (nn/small_deit.py), without a distillation token; the
         attention is at the tokens' resolution; whole channels may be dropped before the semantic map
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from facsight.core.errors import BadRecipe
from facsight.core.prediction import Prediction
from facsight.nn.classifier import Backbone
from facsight.nn.small_deit import SmallDeiT


class TokenSemantics(nn.Module):
    """Semantic maps by 3 x 3 convolution on the patch tokens, coupled with the class token's attention."""

    def __init__(self, backbone: Backbone, *, classes: int, dropout: float = 0.2):
        super().__init__()
        if not isinstance(backbone, SmallDeiT):
            raise BadRecipe(
                f"ts_cam reads a class token's attention, which {type(backbone).__name__} does not offer; "
                'set network.name = "small_deit", or choose another head'
            )
        self.dropout = nn.Dropout2d(dropout)
        self.semantics = nn.Conv2d(backbone.channels[-1], classes, 3, padding=1)

    def read(self, features: Sequence[Tensor]) -> Prediction:
        """Logits, the channel mean of the patch tokens, and the coupled maps."""
        class_attention, tokens = features
        with torch.autocast(tokens.device.type, enabled=False):
            semantics = self.semantics(self.dropout(tokens))
            coupled = semantics * class_attention.sum(dim=1, keepdim=True)
            return Prediction(semantics.mean(dim=(2, 3)), tokens.mean(dim=1), coupled)
