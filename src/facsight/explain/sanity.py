"""Whether maps change when what the model has learnt is replaced by random numbers.

Paper    Adebayo, Gilmer, Muelly, Goodfellow, Hardt and Kim, "Sanity checks for saliency maps", NeurIPS 2018,
         https://arxiv.org/abs/1810.03292
Needs    a model, and a function that gives its maps of some faces
Shows    how alike maps are before and after: a method whose maps hardly change shows the picture or the
         architecture, not what was learnt
Differs  weights are drawn with their own root mean square, so that signals keep their size without the
         initialiser of each layer; biases and the scales of normalisations are shuffled; running statistics
         stay. Structural similarity is left out. A model trained on random labels is trained elsewhere (their
         section 4): `likeness` compares its maps
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.errors import BadFaces, UnknownName, did_you_mean
from facsight.functional.similarity import centred_cosine, rank_correlation

Maps = Callable[[nn.Module], Tensor]


@dataclass(frozen=True, eq=False)
class Likeness:
    """How alike two maps of each face are; NaN where one is constant or not finite."""

    centred_cosine: Float[Tensor, "n"]
    rank_correlation: Float[Tensor, "n"]


def likeness(before: Float[Tensor, "n height width"], after: Float[Tensor, "n height width"]) -> Likeness:
    """Centred cosine and Spearman's rank correlation over places, in double precision.

    1: the same map; 0: nothing in common. For models of other weights, or trained on random labels.
    """
    if before.shape != after.shape:
        raise BadFaces(
            f"expected maps of the same faces and size, found {tuple(before.shape)} and {tuple(after.shape)}"
        )
    one, other = before.detach().double().cpu(), after.detach().double().cpu()
    return Likeness(centred_cosine(one, other), rank_correlation(one, other))


def randomise_weights(
    model: nn.Module,
    maps: Maps,
    *,
    generator: torch.Generator,
    parts: Sequence[str] | None = None,
) -> dict[str, Likeness]:
    """Likeness of a model's maps to those after its parts were randomised one after the other.

    `parts` are names of submodules, in this order, each on top of those before; by default every module with
    parameters of its own, from the last to the first (the paper's cascade, from the scores down). ("",) is
    the whole model at once. `maps(model)` must not depend on anything but the model it is given: the model
    itself is not touched, a copy is. `UnknownName` for a part that does not exist.
    """
    modules = dict(model.named_modules())
    names = _top_down(model) if parts is None else list(parts)
    for name in names:
        if name not in modules:
            raise UnknownName(f"the model has no part {name!r}; {did_you_mean(name, modules)}")
    before = maps(model).detach().clone()
    random = deepcopy(model)
    found = {}
    for name in names:
        randomise(random.get_submodule(name), generator)
        found[name] = likeness(before, maps(random))
    return found


@torch.no_grad()
def randomise(module: nn.Module, generator: torch.Generator) -> None:
    """Replace all parameters of a module, in place, by random ones of the same size.

    Matrices and kernels: normal, around 0, with their own root mean square. Vectors: their own entries in
    another order. Running statistics are left as they are.
    """
    for parameter in module.parameters():
        if parameter.ndim > 1:
            drawn = torch.randn(parameter.shape, generator=generator).to(parameter)
            parameter.copy_(drawn * parameter.square().mean().sqrt())
        else:
            order = torch.randperm(parameter.numel(), generator=generator).to(parameter.device)
            parameter.copy_(parameter.flatten()[order].view_as(parameter))


def _top_down(model: nn.Module) -> list[str]:
    """Modules with parameters of their own, the last first."""
    names = [name for name, module in model.named_modules() if list(module.parameters(recurse=False))]
    return names[::-1]
