"""The score of each face's own class, how it depends on the pixels, and pictures to compare with."""

from typing import Literal, get_args

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadFaces, UnknownName, did_you_mean
from facsight.probe.outputs import class_scores
from facsight.probe.probe import Probe, at_least_single

Score = Literal["logit", "probability", "log_probability"]


def own_score(
    scores: Float[Tensor, "batch class"], about: Int[Tensor, "batch"], of: Score = "logit"
) -> Float[Tensor, "batch"]:
    """The score of one class per picture: as the network gives it, its softmax, or the logarithm of that.

    A network with a single score is asked about one class or not: its probability is the logistic function.

    >>> own_score(torch.tensor([[0.0, 0.0], [3.0, 1.0]]), torch.tensor([0, 1]), "probability")
    tensor([0.5000, 0.1192])
    """
    if of not in get_args(Score):
        raise UnknownName(f"there is no score {of!r}: {did_you_mean(of, get_args(Score))}")
    if of != "logit":
        one = scores.shape[1] == 1
        scores = (F.pad(scores, (0, 1)) if one else scores).log_softmax(dim=1)
    chosen = scores.gather(1, about.unsqueeze(1)).squeeze(1)
    return chosen.exp() if of == "probability" else chosen


def pixel_gradients(
    probe: Probe,
    pixels: Float[Tensor, "batch channel height width"],
    about: Int[Tensor, "batch"],
    of: Score = "logit",
) -> Float[Tensor, "batch channel height width"]:
    """How each picture's score of the class `about` changes with each of its pixels; the network keeps none.

    `UnknownName` where the scores do not depend on the pixels by differentiable steps.
    """
    given = pixels.detach().requires_grad_()
    with torch.enable_grad():
        scores = at_least_single(class_scores(probe.network(given), probe.head))
        chosen = own_score(scores, about, of).sum()
    if not chosen.requires_grad:
        raise UnknownName(
            f"expected scores with a gradient, found none in {type(probe.network).__name__}: "
            "choose an explainer that needs no gradient (occlusion, rise)"
        )
    slope = torch.autograd.grad(chosen, given, allow_unused=True, materialize_grads=True)[0]
    return at_least_single(slope)


def as_pictures(
    baseline: float | Tensor, pixels: Float[Tensor, "batch channel height width"]
) -> Float[Tensor, "batch channel height width"]:
    """A value, or a tensor that broadcasts to the pictures, in their shape; `BadFaces` for any other."""
    given = torch.as_tensor(baseline, dtype=pixels.dtype, device=pixels.device)
    try:
        return given.expand(pixels.shape)
    except RuntimeError as error:
        raise BadFaces(
            f"expected a baseline that broadcasts to the faces {tuple(pixels.shape)}, "
            f"found {tuple(given.shape)}"
        ) from error
