r"""Where every place of a picture moves to in another: dense optical flow, and how it strains what it moves.

Pictures are (batch, height, width). A flow is (batch, 2, height, width): how far a place of the first picture
is from where it lies in the second, x to the right and y down, in pixels.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

Pictures = Float[Tensor, "batch h w"]
Flow = Float[Tensor, "batch 2 h w"]

#: Widths of pictures in which nothing is looked for, pixels, and the share by which a level is smaller.
_LEAST, _SHRINK = 16, 0.5
#: Time step of the dual variable (at most 1/8 for a stable descent) and tightness of the coupling.
_TAU, _THETA = 0.125, 0.3
#: The weight of brightness, for grey levels with a spread of 1 over the pictures.
FIDELITY = 1.0


@torch.no_grad()
def flow_between(
    first: Pictures, second: Pictures, *, fidelity: float = FIDELITY, warps: int = 4, iterations: int = 15
) -> Flow:
    r"""The TV-L1 optical flow from `first` to `second`, from coarse pictures to fine ones.

    .. math:: \min_u \int |\nabla u_1| + |\nabla u_2| + \lambda\, |I_1(x + u) - I_0(x)|\, dx

    by alternating a threshold on brightness and a total-variation descent, `iterations` times for each of
    `warps` linearisations and each level, with :math:`\lambda` `fidelity` for pictures that are each brought
    to mean 0 and spread 1. Zach, Pock and Bischof, "A duality based approach for realtime
    TV-L1 optical flow", DAGM 2007; the scheme of Sanchez, Meinhardt-Llopis and Facciolo, IPOL 2013. A median
    of 3 x 3 follows each warp. Beyond that, brightness is taken to stay: shadows that
    wander are read as motion.
    """
    pair = torch.stack([first, second], dim=1).float()
    spread, mean = torch.std_mean(pair, dim=(2, 3), keepdim=True, correction=0)
    pair = (pair - mean) / spread.clamp(min=1e-6)
    levels = [pair]
    while _SHRINK * min(levels[-1].shape[-2:]) >= _LEAST:
        levels.append(F.avg_pool2d(levels[-1], 2))
    flow = pair.new_zeros(len(pair), 2, *levels[-1].shape[-2:])
    for level in reversed(levels):
        flow = _enlarged(flow, level.shape[-2:])
        for _ in range(warps):
            flow = _step(level, flow, fidelity, iterations)
    return flow


def strain(flow: Flow) -> Pictures:
    r"""Optical strain: by how much places move apart, whatever way the whole moves or slowly turns.

    .. math:: \epsilon = \sqrt{\epsilon_{xx}^2 + \epsilon_{yy}^2 + 2 \epsilon_{xy}^2}, \quad
        \epsilon_{xy} = \tfrac12 \left(\frac{\partial u}{\partial y} + \frac{\partial v}{\partial x}\right)

    Shreve, Godavarthy, Goldgof and Sarkar, "Macro- and micro-expression spotting in long videos using
    spatio-temporal strain", FG 2011. Central differences, one-sided at the border; without a unit.

    >>> stretch = torch.stack(torch.meshgrid(torch.arange(3.0), torch.arange(3.0), indexing="xy"))
    >>> strain(0.1 * stretch[None])[0, 1, 1].item()  # 0.1 in x and in y
    0.1414213627576828
    """
    (u_y, u_x), (v_y, v_x) = (torch.gradient(part, dim=(1, 2)) for part in flow.unbind(dim=1))
    return (u_x.square() + v_y.square() + 0.5 * (u_y + v_x).square()).sqrt()


def _step(pair: Float[Tensor, "batch 2 h w"], flow: Flow, fidelity: float, iterations: int) -> Flow:
    """One linearisation about a flow, and the descent from there."""
    warped = moved_back(pair[:, 1], flow)
    grad_y, grad_x = torch.gradient(warped, dim=(1, 2))
    steep = (grad_x.square() + grad_y.square()).clamp(min=1e-9)
    off = warped - pair[:, 0] - grad_x * flow[:, 0] - grad_y * flow[:, 1]
    gradient, reach = torch.stack([grad_x, grad_y], dim=1), fidelity * _THETA
    dual = flow.new_zeros(len(flow), 2, 2, *flow.shape[-2:])
    for _ in range(iterations):
        residual = off + (gradient * flow).sum(dim=1)
        share = (-residual / steep).clamp(-reach, reach)
        goal = flow + share.unsqueeze(1) * gradient
        flow = goal + _THETA * _divergence(dual)
        slope = _slope(flow)
        change = _TAU / _THETA * slope
        dual = (dual + change) / (1 + change.square().sum(dim=2, keepdim=True).sqrt())
    return _median(flow)


def moved_back(picture: Pictures, flow: Flow) -> Pictures:
    """The picture at where each place has moved to, bilinear; beyond the border it is the border's."""
    height, width = picture.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    at = torch.stack([2 * (x + flow[:, 0] + 0.5) / width - 1, 2 * (y + flow[:, 1] + 0.5) / height - 1], dim=3)
    return F.grid_sample(picture[:, None], at, padding_mode="border", align_corners=False)[:, 0]


def _slope(flow: Flow) -> Float[Tensor, "batch 2 2 h w"]:
    """Forward differences in x and y, 0 at the far border."""
    along = F.pad(flow.diff(dim=3), (0, 1))
    down = F.pad(flow.diff(dim=2), (0, 0, 0, 1))
    return torch.stack([along, down], dim=2)


def _divergence(dual: Float[Tensor, "batch 2 2 h w"]) -> Flow:
    """Minus the adjoint of `_slope`."""
    along, down = dual[:, :, 0, :, :-1], dual[:, :, 1, :-1]
    x = F.pad(along, (0, 1)) - F.pad(along, (1, 0))
    return x + F.pad(down, (0, 0, 0, 1)) - F.pad(down, (0, 0, 1, 0))


def _median(flow: Flow) -> Flow:
    padded = F.pad(flow, (1, 1, 1, 1), mode="replicate")
    return padded.unfold(2, 3, 1).unfold(3, 3, 1).flatten(-2).median(dim=-1).values


def _enlarged(flow: Flow, size: Sequence[int]) -> Float[Tensor, "batch 2 height width"]:
    """A flow of a coarser level, in the pixels of a finer one."""
    if tuple(flow.shape[-2:]) == tuple(size):
        return flow
    ratio = flow.new_tensor([size[1] / flow.shape[3], size[0] / flow.shape[2]]).view(1, 2, 1, 1)
    return ratio * F.interpolate(flow, tuple(size), mode="bilinear", align_corners=False)
