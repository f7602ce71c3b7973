"""Layers of any network by name, and their outputs seen as maps over places."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from math import ceil, floor
from typing import Any

from torch import Tensor, nn

from facsight.core.errors import UnknownName, did_you_mean

#: Class, distillation and register tokens that may stand before the patches of a picture.
EXTRA_TOKENS = 16

#: Rows of attention probabilities sum to one; half precision comes this close.
SUM_TOLERANCE = 0.02


def find_layer(network: nn.Module, layer: str | nn.Module) -> tuple[str, nn.Module]:
    """A layer and its name, by its dotted name or by itself; `UnknownName` gives the nearest names.

    >>> find_layer(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), "1")
    ('1', ReLU())
    """
    layers = {name: module for name, module in network.named_modules(remove_duplicate=False) if name}
    if isinstance(layer, nn.Module):
        names = [name for name, module in layers.items() if module is layer]
        if not names:
            raise UnknownName(f"this {type(layer).__name__} is not a layer of {type(network).__name__}")
        return names[0], layer
    if layer not in layers:
        raise UnknownName(f"{type(network).__name__} has no layer {layer!r}: {did_you_mean(layer, layers)}")
    return layer, layers[layer]


def spatial_tensor(output: Any, picture: tuple[int, int]) -> Tensor | None:
    """The tensor inside a layer's output that can be seen as maps over a picture of this size.

    Of several it is the first, as networks put their features before anything else; but the last of a list
    of nothing but maps, as backbones go from fine to deep. Attention probabilities, square like maps, are
    told apart by their rows, which sum to one.
    """
    if isinstance(output, Tensor):
        usable = as_maps(output, picture) is not None and not _are_probabilities(output)
        return output if usable else None
    found = [spatial_tensor(part, picture) for part in parts(output).values()]
    if isinstance(output, tuple | list) and all(tensor is not None for tensor in found):
        return found[-1] if found else None
    return next((tensor for tensor in found if tensor is not None), None)


def parts(output: Any) -> dict[str, Any]:
    """What a mapping, tuple, list or dataclass holds, by name or number; nothing for anything else."""
    if isinstance(output, Mapping):
        return {str(name): value for name, value in output.items()}
    if isinstance(output, tuple) and hasattr(output, "_fields"):
        return dict(zip(output._fields, output, strict=True))  # pyright: ignore
    if isinstance(output, tuple | list):
        return {str(number): value for number, value in enumerate(output)}
    if is_dataclass(output):
        return {field.name: getattr(output, field.name) for field in fields(output)}
    return {}


def exchanged(output: Any, old: Tensor, new: Tensor) -> Any:
    """The output with one of its tensors replaced, wherever it stands."""
    if output is old:
        return new
    inside = parts(output)
    if not inside:
        return output
    changed = {name: exchanged(value, old, new) for name, value in inside.items()}
    kind: Any = type(output)
    if is_dataclass(output) or hasattr(output, "_fields"):
        return kind(**changed)
    if isinstance(output, Mapping):
        return kind(zip(output, changed.values(), strict=True))
    return tuple(changed.values()) if isinstance(output, tuple) else list(changed.values())


def as_maps(tensor: Tensor, picture: tuple[int, int]) -> Tensor | None:
    """A layer's output as maps `(batch, channel, height, width)`, or None where it has no places.

    `picture` is the (height, width) of the network's input, whose shape the maps have: it tells maps with
    channels first from maps with channels last (Swin-like hierarchies), and tokens `(batch, token, channel)`
    of patches from the class and register tokens before them. One place, or none, is not a map.
    """
    if not tensor.is_floating_point():
        return None
    if tensor.ndim == 4:
        if covers(tuple(tensor.shape[2:]), picture):
            return tensor
        return tensor.permute(0, 3, 1, 2) if covers(tuple(tensor.shape[1:3]), picture) else None
    if tensor.ndim == 3 and tensor.shape[2] > 1:  # with one value each they are pooled channels
        grid = token_grid(tensor.shape[1], picture)
        if grid is not None:
            patches = tensor[:, tensor.shape[1] - grid[0] * grid[1] :]
            return patches.transpose(1, 2).unflatten(2, grid)
    return None


@lru_cache(maxsize=1024)
def token_grid(tokens: int, picture: tuple[int, int]) -> tuple[int, int] | None:
    """(height, width) of the patches among so many tokens, with as few other tokens as possible.

    The patches are squares, and what does not fill one at the border is dropped or filled up.

    >>> token_grid(197, (224, 224)), token_grid(261, (224, 224)), token_grid(98, (112, 224))
    ((14, 14), (16, 16), (7, 14))
    """
    grids = {grid for side in range(1, min(picture) + 1) for grid in _grids(picture, side)}
    others = {grid: tokens - grid[0] * grid[1] for grid in sorted(grids) if grid[0] * grid[1] > 1}
    fitting = [grid for grid, rest in others.items() if 0 <= rest <= EXTRA_TOKENS]
    return min(fitting, key=others.__getitem__, default=None)


def _grids(picture: tuple[int, int], side: int) -> Iterator[tuple[int, int]]:
    yield floor(picture[0] / side), floor(picture[1] / side)
    yield ceil(picture[0] / side), ceil(picture[1] / side)


@lru_cache(maxsize=1024)
def covers(size: tuple[int, ...], picture: tuple[int, int]) -> bool:
    """Whether a grid can be that of a picture: seen at some stride, less the same border on every side.

    >>> covers((4, 4), (112, 112)), covers((2, 4), (40, 100)), covers((7, 512), (112, 112))
    (True, True, False)
    """
    height, width = size
    if height * width <= 1 or height > picture[0] or width > picture[1]:
        return False
    if picture[0] == picture[1]:
        return height == width
    return any(
        _same_stride(size, (picture[0] - border, picture[1] - border)) for border in range(min(picture) // 2)
    )


def _same_stride(size: tuple[int, ...], inside: tuple[int, int]) -> bool:
    """Whether one stride gives both sides of the grid, up to less than one cell of rounding."""
    least = max(side / (cells + 1) for side, cells in zip(inside, size, strict=True))
    most = min(side / max(cells - 1, 1e-9) for side, cells in zip(inside, size, strict=True))
    return least < most


def _are_probabilities(tensor: Tensor) -> bool:
    """Whether a (batch, head, token, token) tensor is attention: nothing negative, rows that sum to one."""
    if tensor.ndim != 4 or tensor.shape[2] != tensor.shape[3] or not tensor.numel():
        return False
    values = tensor.detach()
    first = float(values[-1, 0, 0].float().sum())
    if abs(first - 1) > SUM_TOLERANCE:  # NaN goes on
        return False
    rows = values.flatten(0, 2)
    rows = rows[rows.isfinite().all(dim=1)].float()
    return len(rows) > 0 and bool((rows >= 0).all() and ((rows.sum(dim=1) - 1).abs() <= SUM_TOLERANCE).all())
