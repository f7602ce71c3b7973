"""Attention relevance: attention weighted by what it does for a class, through all blocks of a transformer.

Paper    Chefer, Gur and Wolf, "Generic attention-model explainability for interpreting bi-modal and
         encoder-decoder transformers", ICCV 2021, https://arxiv.org/abs/2103.15679
Needs    a network whose blocks attend between all tokens of a picture, and gradients
Shows    how much each patch has spoken for a class in the class token
Differs  only self-attention within one picture (eq. 5 and 6), no cross-attention; a network without a class
         token is read at the mean over its tokens
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.probe.attention import record_attention
from facsight.probe.probe import Probe


def attention_relevance(
    probe: Probe, pixels: Float[Tensor, "batch _ _ _"], about: Int[Tensor, "batch"]
) -> Float[Tensor, "batch height width"]:
    r"""The class token's relevance of each patch for the class `about` each face.

    .. math:: \bar A = E_h \max(0, \nabla A \odot A), \qquad R \leftarrow R + \bar A R, \quad R_0 = I

    (eq. 5 and 6), with the gradient of the class's score. Maps have the size of the grid of patches and are
    never negative. Raises `UnknownName` for a network without such attention.
    """
    seen = record_attention(probe, pixels, gradients=True)
    tokens = seen.weights[0].shape[-1]
    relevance = torch.eye(tokens, device=pixels.device).expand(len(pixels), -1, -1)
    for weights, slope in zip(seen.weights, seen.gradients(about), strict=True):
        spoken = (slope * weights).relu().mean(dim=1)
        relevance = relevance + spoken @ relevance
    return seen.over_patches(relevance)
