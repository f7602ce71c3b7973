"""One call for every explainer: checks, batches, and a network that is left as it was."""

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from facsight.core.errors import BadFaces, BadLabels, UnknownName, did_you_mean
from facsight.explain import EXPLAINERS
from facsight.functional.maps import resize
from facsight.probe.probe import Layer, Probe

#: Explainers of a layer's maps: their look at the network gives the scores too, and it is run only once.
OF_A_LAYER = frozenset(
    ("attention", "cam", "gradcam", "gradcam++", "xgradcam", "layercam", "scorecam", "eigencam")
)


def explain(
    model: nn.Module,
    faces: Float[Tensor, "batch channel height width"],
    *,
    about: Int[Tensor, "..."] | int | None = None,
    method: str = "gradcam",
    layer: Layer | Sequence[Layer] | None = None,
    head: str | int | None = None,
    resolution: Literal["picture", "layer"] = "picture",
    batch_size: int = 32,
    **options: Any,
) -> Float[Tensor, "batch rows columns"]:
    """Where each face spoke for a class, by one of the explainers of the catalogue.

    `model` is any network that turns `faces` (its own input) into class scores: a tensor, or a tuple, mapping
    or dataclass with one (`head` says which, if there are several). `about` gives the class of each face, or
    one for all; None means the predicted ones. `layer` names the layer, or layers, whose maps are used; None
    takes the last one with maps that the scores depend on. Maps come at the size of the pictures, or, with
    `resolution` "layer", as the explainer made them. Other options go to the explainer.

    The model comes back as it was: no hook, no gradient, the training mode it had. Works inside
    `torch.inference_mode`. A face whose scores are not finite has a map of NaN. Raises `UnknownName` for an
    explainer, option or layer that does not exist (with the nearest ones), `BadLabels` for a class that the
    model does not have, `BadFaces` for pixels that are no picture.
    """
    explainer = find_explainer(method)
    _check(faces, batch_size)
    _check_options(explainer, method, options)
    classes = _one_each(about, len(faces))
    probe = Probe(model, _layers(layer), head=head)
    found = []
    with _as_for_reading(model), torch.inference_mode(False):
        for start in range(0, len(faces), batch_size):
            rows = slice(start, start + batch_size)
            pixels = faces[rows].detach()
            pixels = pixels.clone() if pixels.is_inference() else pixels  # clones leave that mode behind
            scores = probe.record(pixels).scores.detach() if method in OF_A_LAYER else probe.scores(pixels)
            chosen = _in_range(None if classes is None else classes[rows].clone(), scores)
            maps = explainer(probe, pixels, chosen, **options).detach().float()
            found.append(torch.where(scores.isfinite().all(dim=1)[:, None, None], maps, torch.nan))
    if not found:
        return torch.zeros(0, *faces.shape[2:], device=faces.device)
    maps = torch.cat(found)
    return resize(maps, (faces.shape[2], faces.shape[3])) if resolution == "picture" else maps


def find_explainer(name: str) -> Any:
    """The explainer's function by its name; `UnknownName` tells the nearest known one."""
    if name not in EXPLAINERS:
        raise UnknownName(f"there is no explainer {name!r}: {did_you_mean(name, EXPLAINERS)}")
    module, function = EXPLAINERS[name].split(":")
    return getattr(import_module(module), function)


def _layers(layer: Layer | Sequence[Layer] | None) -> Sequence[Layer]:
    if layer is None:
        return ()
    return (layer,) if isinstance(layer, str | nn.Module) else layer


def _one_each(about: Tensor | int | None, count: int) -> Tensor | None:
    if about is None:
        return None
    classes = torch.as_tensor(about)
    whole = not (classes.is_floating_point() or classes.is_complex() or classes.dtype == torch.bool)
    if not whole or (classes.ndim and tuple(classes.shape) != (count,)):
        raise BadLabels(
            f"expected one class number, or one for each of {count} faces, "
            f"found {tuple(classes.shape)} {classes.dtype}"
        )
    return classes.long().expand(count)


def _in_range(classes: Tensor | None, scores: Tensor) -> Tensor:
    if classes is None:
        return scores.nan_to_num().argmax(dim=1)
    if len(classes) and not 0 <= int(classes.min()) <= int(classes.max()) < scores.shape[1]:
        raise BadLabels(
            f"expected class numbers from 0 to {scores.shape[1] - 1}, one per face, found {classes.tolist()}"
        )
    return classes.to(scores.device)


def _check(faces: Tensor, batch_size: int) -> None:
    if faces.ndim != 4 or not faces.is_floating_point() or 0 in faces.shape[1:]:
        raise BadFaces(
            f"expected faces (batch, channel, height, width) of a floating type, as the model takes them, "
            f"found {tuple(faces.shape)} {faces.dtype}"
        )
    if batch_size < 1:
        raise BadFaces(f"expected a batch size of at least 1, found {batch_size}")


def _check_options(explainer: Any, method: str, options: dict[str, Any]) -> None:
    known = [
        name
        for name, parameter in inspect.signature(explainer).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    ]
    for name in options:
        if name not in known:
            raise UnknownName(f"{method} has no option {name!r}: {did_you_mean(name, known)}")


@contextmanager
def _as_for_reading(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside; afterwards each part is in the mode it was in.

    Only the flags are set: a part's own `train` may do more than can be undone.
    """
    modes = [(part, part.training) for part in model.modules()]
    try:
        for part, _ in modes:
            part.training = False
        yield
    finally:
        for part, mode in modes:
            part.training = mode
