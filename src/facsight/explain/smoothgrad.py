"""SmoothGrad: the gradient of a class's score by the pixels, averaged over noisy copies of the face.

Paper    Smilkov, Thorat, Kim, Viegas and Wattenberg, "SmoothGrad: removing noise by adding noise", 2017,
         https://arxiv.org/abs/1706.03825
Needs    scores that can be differentiated by the pixels
Shows    how strongly the score reacts to each pixel (magnitude), or in which direction (signed)
Differs  the channels' magnitudes are summed, and nothing is clipped at a percentile; all faces get the same
         noise, each in its own range, so that a face's map does not depend on the faces beside it
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadRecipe
from facsight.probe.pixels import Score, pixel_gradients
from facsight.probe.probe import Probe, at_least_single


def smooth_grad(
    probe: Probe,
    pixels: Float[Tensor, "batch channel height width"],
    about: Int[Tensor, "batch"],
    *,
    noise: float = 0.15,
    samples: int = 32,
    signed: bool = False,
    of: Score = "logit",
    seed: int = 0,
    generator: torch.Generator | None = None,
    at_once: int = 64,
) -> Float[Tensor, "batch height width"]:
    r"""SmoothGrad maps of the class `about` each face (section 3).

    .. math:: \Big|\frac1n \sum_{i=1}^n \frac{\partial y_c}{\partial x}(x + \epsilon_i)\Big|, \quad
        \epsilon_i \sim N(0, \sigma^2)

    summed over channels; `signed` leaves the bars out. `noise` is sigma as a share of the face's range (the
    paper: 0.1 to 0.2). Draws come from `generator`, or a new one with `seed`: the global state is untouched.
    About `at_once` pictures go through the network together. Raises `BadRecipe` for fewer than one sample or
    negative noise.
    """
    if samples < 1 or noise < 0:
        raise BadRecipe(
            f"expected at least one sample and noise of 0 or more, found samples={samples} and noise={noise}"
        )
    source = generator or torch.Generator().manual_seed(seed)
    faces = at_least_single(pixels)
    deviation = noise * (faces.amax(dim=(1, 2, 3)) - faces.amin(dim=(1, 2, 3))).view(-1, 1, 1, 1)
    total = torch.zeros_like(faces)
    several = max(1, at_once // max(1, len(faces)))
    for first in range(0, samples, several):
        count = min(several, samples - first)
        drawn = torch.stack([_draw(faces, source) for _ in range(count)]).unsqueeze(1)
        noisy = (faces + deviation * drawn).flatten(0, 1).to(pixels.dtype)
        slopes = pixel_gradients(probe, noisy, about.repeat(count), of)
        total += slopes.unflatten(0, (count, len(faces))).sum(dim=0)
    mean = total / samples
    return (mean if signed else mean.abs()).sum(dim=1)


def _draw(faces: Tensor, source: torch.Generator) -> Tensor:
    return torch.randn(faces.shape[1:], generator=source, device=source.device).to(faces)
