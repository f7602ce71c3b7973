"""What decisions on action units cost: binary cross entropy, each unit by itself, over what was coded.

Source   none: what all papers on the detection of action units start from; a weight for what is there, by how
         rare it is, as in Li et al., "EAC-Net", IEEE TPAMI 2018, section 3.4
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def unit_cross_entropy(
    logits: Float[Tensor, "*batch unit"],
    presence: Float[Tensor, "*batch unit"],
    weights: Float[Tensor, "unit"] | Sequence[float],
) -> Float[Tensor, ""]:
    r"""Mean over the coded cells of the cross entropy of a unit that is there or not.

    .. math:: -\operatorname{mean} \left( w_u \, t \log \sigma(z) + (1 - t) \log (1 - \sigma(z)) \right)

    t is `presence`, from 0 to 1, a degree of intensity too; NaN where not coded: such cells cost nothing and
    have no gradient. Where nothing is coded the mean is 0. `weights` are w, of a unit that is there beside 1
    for one that is not.

    >>> coded = torch.tensor([[1.0, torch.nan]])
    >>> unit_cross_entropy(torch.zeros(1, 2), coded, [1.0, 1.0]).round(decimals=4)
    tensor(0.6931)
    """
    known = presence.isfinite()
    cost = F.binary_cross_entropy_with_logits(
        logits, presence.nan_to_num(), pos_weight=torch.as_tensor(weights).to(logits), reduction="none"
    )
    return torch.where(known, cost, 0.0).sum() / known.sum().clamp(min=1)
