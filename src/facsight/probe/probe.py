"""A network as explainers see it: its scores, the maps of some layers, and how the scores depend on them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from facsight.core.errors import UnknownName
from facsight.probe.layers import as_maps, exchanged, find_layer, spatial_tensor
from facsight.probe.outputs import class_scores

Layer = str | nn.Module
Result = TypeVar("Result")

#: How many layers an error lists.
LAYERS_TOLD = 8


@dataclass(frozen=True)
class Recording:
    """What a network said of some pictures, and what its layers held meanwhile; scores depend on the maps.

    `maps` are `(batch, channel, height, width)` of each layer, detached, in single precision or better. Of a
    layer that is called more than once, the last call counts.
    """

    scores: Float[Tensor, "batch class"]
    maps: tuple[Float[Tensor, "batch _ _ _"], ...]
    outputs: tuple[Tensor, ...]
    picture: tuple[int, int]

    def gradients(
        self, about: Int[Tensor, "batch"], *, of: Callable[[Tensor], Tensor] | None = None
    ) -> tuple[Float[Tensor, "batch _ _ _"], ...]:
        """How the score of each picture's class changes with each value of each map.

        `of` may turn the scores into something else first, such as log probabilities. Zero where the score
        does not depend on a layer.
        """
        if not self.scores.requires_grad:
            raise UnknownName(
                "no score depends on this layer: choose an earlier one; if the network switches gradients "
                "off inside its forward, choose an explainer without gradients (scorecam, occlusion, rise)"
            )
        with torch.enable_grad():
            scores = self.scores if of is None else of(self.scores)
            chosen = scores.gather(1, about.unsqueeze(1)).sum()
        found = torch.autograd.grad(
            chosen, self.outputs, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        return tuple(_maps(gradient, self.picture) for gradient in found)


class Probe:
    """A network with the layers to look at; leaves no trace in it.

    `layers` are names or modules; none means the last layer with maps that the scores depend on, found when
    it is first needed: in a CNN the last features, in a transformer read from its class token what enters the
    last attention, since later patch tokens no longer reach the score. `head` says which output holds the
    class scores, where there are several.
    """

    def __init__(self, network: nn.Module, layers: Sequence[Layer] = (), *, head: str | int | None = None):
        self.network, self.head = network, head
        self.layers = tuple(find_layer(network, layer) for layer in layers)
        self._channels_last = True
        self._last: tuple[Tensor, int, Recording] | None = None

    @torch.no_grad()
    def scores(self, pixels: Float[Tensor, "batch _ _ _"]) -> Float[Tensor, "batch class"]:
        """Class scores, without gradients."""
        return self._sooner(self._answer, pixels)

    def record(self, pixels: Float[Tensor, "batch _ _ _"]) -> Recording:
        """Run the network; only what comes after the first of the layers is kept for gradients.

        The same tensor, unchanged, is not run twice in a row. `UnknownName` for a layer without maps.
        """
        version = None if pixels.is_inference() else pixels._version
        if self._last is not None and self._last[0] is pixels and self._last[1] == version:
            return self._last[2]
        if not self.layers:
            self.layers = (self._default_layer(pixels),)
        seen = self._sooner(self._run, pixels)
        self._last = None if version is None else (pixels, version, seen)
        return seen

    def _sooner(self, run: Callable[[Tensor], Result], pixels: Tensor) -> Result:
        """With channels last in memory, which convolutions on a processor prefer; a network that cannot
        view such maps as something else gets them first, from then on."""
        if self._channels_last and pixels.device.type == "cpu":
            try:
                return run(pixels.contiguous(memory_format=torch.channels_last))
            except RuntimeError as error:
                if "view" not in str(error):
                    raise
                self._channels_last = False
        return run(pixels)

    def _answer(self, pixels: Tensor) -> Tensor:
        # a copy, as some networks write into their input
        return at_least_single(class_scores(self.network(pixels.clone()), self.head))

    def _run(self, pixels: Tensor) -> Recording:
        picture = (pixels.shape[-2], pixels.shape[-1])
        held: dict[str, Tensor] = {}
        with torch.no_grad(), _listening(dict(self.layers), held, picture):
            scores = self._answer(pixels)
        missing = [name for name, _ in self.layers if name not in held]
        if missing:
            raise UnknownName(self._no_maps(missing[0], pixels))
        outputs = tuple(held[name] for name, _ in self.layers)
        maps = tuple(_maps(output.detach(), picture) for output in outputs)
        return Recording(scores, maps, outputs, picture)

    def _default_layer(self, pixels: Tensor) -> tuple[str, nn.Module]:
        """The last layer with maps whose values the scores depend on, as one telling face shows.

        Linear layers are left out: where they give maps they are parts of a step, such as the queries, keys
        and values of an attention, each of which sees only one of the ways to the score.
        """
        face = _most_varied(pixels)
        picture = (face.shape[-2], face.shape[-1])
        shifts: list[tuple[str, nn.Module, Tensor]] = []

        def shift(name: str, module: nn.Module, output: Any) -> Any:
            found = None if isinstance(module, nn.Linear) else spatial_tensor(output, picture)
            if found is None:
                return None
            nothing = torch.zeros_like(found, requires_grad=True)
            shifts.append((name, module, nothing))
            return exchanged(output, found, found + nothing)

        with torch.enable_grad(), _hearing(self.network, shift):
            best = class_scores(self.network(face), self.head).amax()
        for name, module, nothing in reversed(shifts if best.requires_grad else []):
            (slope,) = torch.autograd.grad(best, nothing, retain_graph=True, allow_unused=True)
            if slope is not None and _maps(slope, picture).any():
                return name, module
        raise UnknownName(
            f"{type(self.network).__name__} has no layer with maps of more than one place that its scores "
            f"depend on, for pictures of {picture}: choose an explainer that only looks at pixels "
            "(occlusion, rise, integrated_gradients)"
        )

    def _no_maps(self, name: str, pixels: Tensor) -> str:
        picture = (pixels.shape[-2], pixels.shape[-1])
        known: list[str] = []

        def note(name: str, _module: nn.Module, output: Any) -> None:
            if spatial_tensor(output, picture) is not None:
                known.append(name)

        with _hearing(self.network, note):
            self.scores(pixels[:1])
        told = ", ".join(known[-LAYERS_TOLD:]) or "none"
        return (
            f"the layer {name!r} gives no maps with more than one place for pictures of {picture}, "
            f"or is not used; the last that do: {told}"
        )


def at_least_single(tensor: Tensor) -> Tensor:
    """Half precision becomes single; double stays."""
    return tensor if tensor.dtype == torch.float64 else tensor.float()


@contextmanager
def _hearing(network: nn.Module, hear: Callable[[str, nn.Module, Any], Any]) -> Iterator[None]:
    """Call `hear` with the name, the layer and its output whenever a layer is done; it may exchange it."""

    def hook(name: str) -> Callable[..., Any]:
        return lambda module, _inputs, output: hear(name, module, output)

    layers = {name: module for name, module in network.named_modules() if name}
    handles = [module.register_forward_hook(hook(name)) for name, module in layers.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _listening(
    layers: Mapping[str, nn.Module], held: dict[str, Tensor], picture: tuple[int, int]
) -> Iterator[None]:
    """Keep the layers' outputs in `held`. Gradients are recorded from the first of them on: what lies before
    costs a plain forward pass. Hooks are undone whatever happens; the gradient mode by who called."""

    def hook(name: str) -> Callable[..., Any]:
        def keep(_module: nn.Module, _inputs: Any, output: Any) -> Any:
            found = spatial_tensor(output, picture)
            if found is None:
                return None
            held[name] = found if found.requires_grad else found.detach().requires_grad_()
            torch.set_grad_enabled(True)
            # a copy goes on, so that in-place layers behind do not write over what was kept
            return exchanged(output, found, held[name].clone())

        return keep

    handles = [module.register_forward_hook(hook(name)) for name, module in layers.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _most_varied(pixels: Tensor) -> Tensor:
    """The face with the most contrast, as a batch: an even one may excite nothing."""
    spread = pixels.detach().float().flatten(1).var(dim=1, correction=0)
    best = int(spread.nan_to_num(nan=-1.0, posinf=-1.0).argmax())
    return pixels[best : best + 1].detach().nan_to_num()


def _maps(tensor: Tensor, picture: tuple[int, int]) -> Tensor:
    found = as_maps(tensor, picture)
    assert found is not None  # only outputs that can be seen as maps were kept
    return at_least_single(found)
