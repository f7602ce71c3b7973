"""Integrated gradients: the pixels' shares in the way from an empty picture to the face.

Paper    Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", ICML 2017,
         https://arxiv.org/abs/1703.01365
Needs    scores that can be differentiated by the pixels
Shows    signed shares, summed over channels; over the picture they add up to score(face) - score(baseline)
Differs  the integral is taken at Gauss-Legendre nodes, exact for gradients that are polynomials of degree up
         to 2 steps - 1 along the way (the paper: a Riemann sum); the baseline is 0, the mean of a
         standardised face and so a flat grey picture (the paper: black)
"""

from typing import cast

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadRecipe
from facsight.probe.pixels import Score, as_pictures, pixel_gradients
from facsight.probe.probe import Probe, at_least_single


def integrated_gradients(
    probe: Probe,
    pixels: Float[Tensor, "batch channel height width"],
    about: Int[Tensor, "batch"],
    *,
    baseline: float | Tensor = 0.0,
    steps: int = 32,
    of: Score = "logit",
    at_once: int = 64,
) -> Float[Tensor, "batch height width"]:
    r"""Integrated gradients of the class `about` each face (eq. 1).

    .. math:: \sum_d (x_d - x'_d) \int_0^1 \frac{\partial y_c}{\partial x_d}\big(x' + t (x - x')\big) dt

    `baseline` is a value, or a tensor that broadcasts to the faces; `of` says which score is explained;
    about `at_once` pictures go through the network together. Raises `BadRecipe` for fewer than one step,
    `BadFaces` for a baseline of another shape.
    """
    if steps < 1:
        raise BadRecipe(f"expected at least one step from the baseline to the face, found steps={steps}")
    start = at_least_single(as_pictures(baseline, pixels))
    way = at_least_single(pixels) - start
    places, weights = _gauss_legendre(steps, way)
    slope = torch.zeros_like(way)
    several = max(1, at_once // max(1, len(pixels)))
    for times, shares in zip(places.split(several), weights.split(several), strict=True):
        between = start + times.view(-1, 1, 1, 1, 1) * way
        found = pixel_gradients(
            probe, between.flatten(0, 1).to(pixels.dtype), about.repeat(len(times)), of
        ).unflatten(0, (len(times), len(pixels)))
        slope += torch.einsum("s,sbdhw->bdhw", shares, found)
    return (way * slope).sum(dim=1)


def _gauss_legendre(steps: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Nodes in (0, 1) and weights that sum to one."""
    nodes, weights = cast(tuple[np.ndarray, np.ndarray], np.polynomial.legendre.leggauss(steps))
    places, shares = (torch.as_tensor(v / 2).to(like) for v in (nodes + 1, weights))
    return places, shares
