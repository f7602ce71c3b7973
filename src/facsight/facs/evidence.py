"""How attention is divided among action units."""

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.facs.au_maps import AuMaps


def action_unit_shares(
    attention: Float[Tensor, "batch h w"], au: AuMaps, weights: Float[Tensor, "batch au"]
) -> tuple[Float[Tensor, "batch au"], Float[Tensor, "batch"]]:
    r"""The share of each face's attention that falls on each action unit, and the share that falls elsewhere.

    Attention less its minimum, scaled to sum 1, is a mass m(p). With :math:`t_a = w_a A_a(p)` for the maps A
    and weights w in [0, 1], unit a gets

    .. math:: s_a = \sum_p m(p) \, \max_b t_b(p) \, \frac{t_a(p)}{\sum_b t_b(p)}, \qquad
              s_\text{elsewhere} = \sum_p m(p) \left(1 - \max_b t_b(p)\right)

    so that the places covered by several units are divided among them, and every share lies in [0, 1]. The
    shares and `elsewhere` sum to 1. A share says where attention lies; not that the muscle acted. Units that
    are not valid on a face get NaN and take no part; all is NaN for a face with no valid unit of positive
    weight, and for constant attention, which has no mass above its minimum.
    """
    counted = torch.where(au.valid, weights.to(au.maps), 0.0)
    mass = attention.to(au.maps) - attention.to(au.maps).amin(dim=(1, 2), keepdim=True)
    total = mass.sum(dim=(1, 2))
    known = (total > 0) & (counted > 0).any(dim=1)
    mass = mass / torch.where(total > 0, total, 1.0)[:, None, None]
    claims = au.maps * counted[..., None, None]
    cover, all_claims = claims.amax(dim=1), claims.sum(dim=1)
    to_divide = mass * cover / torch.where(all_claims > 0, all_claims, 1.0)
    shares = (to_divide[:, None] * claims).sum(dim=(2, 3))
    elsewhere = (mass * (1 - cover)).sum(dim=(1, 2))
    shares = torch.where(au.valid & known[:, None], shares, torch.nan)
    return shares, torch.where(known, elsewhere, torch.nan)
