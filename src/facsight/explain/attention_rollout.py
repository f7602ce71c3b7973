"""Attention rollout: what the class token takes from each patch, through all blocks of a transformer.

Paper    Abnar and Zuidema, "Quantifying attention flow in transformers", ACL 2020,
         https://arxiv.org/abs/2005.00928
Needs    a network whose blocks attend between all tokens of a picture
Shows    the share of each patch in the class token at the end; the same for every class
Differs  a network without a class token is read at the mean over its tokens; heads may be fused by their
         largest or smallest weight instead of the mean, with rows made to sum to one again
"""

from typing import Literal, get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import UnknownName, did_you_mean
from facsight.probe.attention import record_attention
from facsight.probe.probe import Probe

Heads = Literal["mean", "max", "min"]


def attention_rollout(
    probe: Probe,
    pixels: Float[Tensor, "batch _ _ _"],
    about: Int[Tensor, "batch"],
    *,
    heads: Heads = "mean",
) -> Float[Tensor, "batch height width"]:
    r"""The row of the class token in the product of the blocks' attention, over the patches (section 3).

    .. math:: \tilde A = A_L A_{L-1} \cdots A_1, \quad A_l = \tfrac12 W_l + \tfrac12 I

    with `W` the attention of a block, fused over its heads, and `I` the way around it. Maps have the size of
    the grid of patches and hold shares in [0, 1]. `about` changes nothing. Raises `UnknownName` for a
    network without such attention.
    """
    if heads not in get_args(Heads):
        raise UnknownName(f"heads cannot be fused by {heads!r}: {did_you_mean(heads, get_args(Heads))}")
    seen = record_attention(probe, pixels)
    flow = None
    for weights in seen.weights:
        step = _with_way_around(_fused(weights, heads))
        flow = step if flow is None else step @ flow
    assert flow is not None  # a recording has at least one block
    return seen.over_patches(flow)


def _fused(weights: Tensor, heads: Heads) -> Tensor:
    if heads == "mean":
        return weights.mean(dim=1)
    extreme = weights.amax(dim=1) if heads == "max" else weights.amin(dim=1)
    total = extreme.sum(dim=-1, keepdim=True)
    return extreme / torch.where(total > 0, total, 1.0)


def _with_way_around(weights: Tensor) -> Tensor:
    return 0.5 * weights + 0.5 * torch.eye(weights.shape[-1], device=weights.device)
