"""Class activation maps in plain loops, face by face, with gradients through the whole network.

Nothing of the package is used: one hook on the layer, `torch.autograd` on the full graph, then numpy in
double precision.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn


def maps_and_slopes(network: nn.Module, layer: nn.Module, face: Tensor, label: int):
    """A layer's (channel, height, width) for one face (channel, height, width), and the score's slopes."""
    kept: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        kept.append(output)
        return output.clone()

    handle = layer.register_forward_hook(keep)
    score = network(face[None])[0, label]
    handle.remove()
    slopes = torch.autograd.grad(score, kept[-1])[0]
    return kept[-1][0].detach().double().numpy(), slopes[0].double().numpy()


def weighted_sum(maps: np.ndarray, weights: Sequence[float]) -> np.ndarray:
    """relu of the sum of maps times weights, place by place."""
    found = np.zeros(maps.shape[1:])
    for row in range(maps.shape[1]):
        for column in range(maps.shape[2]):
            whole = sum(weights[d] * maps[d, row, column] for d in range(len(maps)))
            found[row, column] = max(0.0, whole)
    return found


def slow_grad_cam(maps: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    return weighted_sum(maps, [float(sum(slope.flat) / slope.size) for slope in slopes])


def slow_xgrad_cam(maps: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    weights = []
    for values, slope in zip(maps, slopes, strict=True):
        whole = sum(values.flat)
        parts = [v / whole * s for v, s in zip(values.flat, slope.flat, strict=True)] if whole else [0.0]
        weights.append(float(sum(parts)))
    return weighted_sum(maps, weights)


def slow_layer_cam(maps: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    found = np.zeros(maps.shape[1:])
    for row in range(maps.shape[1]):
        for column in range(maps.shape[2]):
            places = zip(maps[:, row, column], slopes[:, row, column], strict=True)
            found[row, column] = max(0.0, sum(max(0.0, slope) * value for value, slope in places))
    return found


def slow_grad_cam_plus_plus(network: nn.Module, layer: nn.Module, face: Tensor, label: int) -> np.ndarray:
    """Eq. 19 with true second and third derivatives of Y = exp(score), one place at a time; divided by Y.

    The network must be in double precision, and its score piecewise linear in the layer, as the paper has it.
    """
    kept: list[Tensor] = []
    handle = layer.register_forward_hook(lambda _module, _inputs, output: kept.append(output))
    outcome = network(face[None])[0, label].exp()
    handle.remove()
    features = kept[0]
    (first,) = torch.autograd.grad(outcome, features, create_graph=True)
    maps = features[0].detach().numpy()
    weights = np.zeros(len(maps))
    for d in range(len(maps)):
        for place in np.ndindex(maps.shape[1:]):
            slope = first[(0, d, *place)]
            (curve,) = torch.autograd.grad(slope, features, create_graph=True)
            (third,) = torch.autograd.grad(curve[(0, d, *place)], features, retain_graph=True)
            second, cubic = float(curve[(0, d, *place)].detach()), float(third[(0, d, *place)])
            below = 2 * second + sum(maps[d].flat) * cubic
            weights[d] += (second / below if below else 0.0) * max(0.0, float(slope.detach()))
    return weighted_sum(maps, list(weights / float(outcome.detach())))


def slow_score_cam(network: nn.Module, maps: np.ndarray, face: Tensor, label: int) -> np.ndarray:
    """One channel at a time through the network; the softmax is over channels that are not constant."""
    scores: dict[int, float] = {}
    for d, values in enumerate(maps):
        if values.max() > values.min():
            mask = (values - values.min()) / (values.max() - values.min())
            enlarged = slow_resize(mask, (face.shape[1], face.shape[2]))
            picture = face * torch.from_numpy(enlarged).to(face.dtype)
            with torch.no_grad():
                scores[d] = float(network(picture[None])[0, label])
    top = max(scores.values(), default=0.0)
    whole = sum(math.exp(score - top) for score in scores.values())
    weights = [math.exp(scores[d] - top) / whole if d in scores else 0.0 for d in range(len(maps))]
    return weighted_sum(maps, weights)


def slow_eigen_cam(maps: np.ndarray, *, centred: bool = False) -> np.ndarray:
    """numpy's singular vectors of (place, channel); the sign by the features' size."""
    matrix = maps.reshape(len(maps), -1).T
    size = np.abs(matrix).sum(axis=1)
    if centred:
        matrix = matrix - matrix.mean(axis=0)
    found = matrix @ np.linalg.svd(matrix)[2][0]
    return (found if found @ size >= 0 else -found).reshape(maps.shape[1:])


def slow_resize(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bilinear between cell centres; beyond the outermost centres the border goes on."""
    found = np.zeros(size)
    for place in np.ndindex(*size):
        low, high, share = [], [], []
        for at, cells, side in zip(place, values.shape, size, strict=True):
            centre = min(max((at + 0.5) * cells / side - 0.5, 0.0), cells - 1.0)
            low.append(math.floor(centre))
            high.append(min(math.floor(centre) + 1, cells - 1))
            share.append(centre - math.floor(centre))
        above = values[low[0], low[1]] * (1 - share[1]) + values[low[0], high[1]] * share[1]
        below = values[high[0], low[1]] * (1 - share[1]) + values[high[0], high[1]] * share[1]
        found[place] = above * (1 - share[0]) + below * share[0]
    return found


def each_face(slow, network: nn.Module, layer: nn.Module, pixels: Tensor, about: Sequence[int]) -> Tensor:
    """`slow(maps, slopes)` of each face, as explainers give it: (batch, height, width), single precision."""
    pairs = zip(pixels, about, strict=True)
    found = [slow(*maps_and_slopes(network, layer, face, label)) for face, label in pairs]
    return torch.from_numpy(np.stack(found)).float()
