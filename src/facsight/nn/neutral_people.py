"""What neutral faces of many people look like to a network, as moments: no face can be had back from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import BadCheckpoint, BadFaces
from facsight.nn.classifier import Classifier, with_mirrored
from facsight.nn.source_moments import SourceMoments
from facsight.nn.weights import load_tensors, save_tensors

#: Of neutral faces, so many lie nearer to the mean than `usual_distance`.
USUAL = 0.95
#: Faces that go through the network together.
_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class NeutralPeople:
    """Moments of a network's last maps over neutral faces of many people, each read with its mirror image.

    `maps` are mean maps; `spread` is the standard deviation of a face's mean over places, by channel (of
    populations, N); `usual_distance` is the 95th percentile of `distance`. `card` says what of: `base` (the
    SHA-256 of the weights), `data`, `faces`.
    """

    maps: Float[Tensor, "channel h w"]
    spread: Float[Tensor, "channel"]
    usual_distance: float
    card: Mapping[str, Any]

    @property
    def mean(self) -> Float[Tensor, "channel"]:
        """The mean of each channel over faces and places."""
        return self.maps.mean(dim=(1, 2))

    def as_moments(self, classes: int, neutral: int) -> SourceMoments:
        """The same for methods of adaptation: two people with the mean and the spread, who have no class but
        neutral."""
        rows = torch.full((2, classes, len(self.spread)), torch.nan)
        rows[:, neutral] = torch.stack([self.mean - self.spread, self.mean + self.spread])
        return SourceMoments(self.mean, self.spread, rows)

    def distance(self, features: Float[Tensor, "face channel"]) -> Float[Tensor, "face"]:
        """How far faces are from the mean: root mean square over channels, in standard deviations."""
        return distance(features, self.mean, self.spread)

    def save(self, path: Path) -> None:
        """Write one safetensors file."""
        tensors = {"maps": self.maps.half(), "spread": self.spread}
        save_tensors(tensors, path, {**self.card, "usual_distance": self.usual_distance})


def load_neutral_people(path: Path) -> NeutralPeople:
    """What `save` wrote. `BadCheckpoint` for a file of anything else."""
    tensors, card = load_tensors(path)
    if tensors.keys() != {"maps", "spread"} or "usual_distance" not in card or "base" not in card:
        raise BadCheckpoint(
            f"{path} does not hold moments of neutral faces: see benchmarks/neutral_people.py"
        )
    rest = {key: value for key, value in card.items() if key != "usual_distance"}
    return NeutralPeople(
        tensors["maps"].float(), tensors["spread"].float(), float(card["usual_distance"]), rest
    )


def distance(
    features: Float[Tensor, "face channel"], mean: Float[Tensor, "channel"], spread: Float[Tensor, "channel"]
) -> Float[Tensor, "face"]:
    """Root mean square over the channels that vary, of the difference from the mean in standard deviations.

    >>> distance(torch.tensor([[3.0, 9.0]]), torch.tensor([1.0, 9.0]), torch.tensor([2.0, 0.0])).tolist()
    [1.0]
    """
    varies = spread > 0
    return ((features - mean)[:, varies] / spread[varies]).square().mean(dim=1).sqrt()


@torch.inference_mode()
def both_ways_maps(
    network: Classifier, pixels: Float[Tensor, "face 1 side side"]
) -> Float[Tensor, "face channel h w"]:
    """The mean of a network's last maps of each face and of its mirror image, mirrored back."""
    one, other = network.features(with_mirrored(pixels))[-1].chunk(2)
    return (one + other.flip(3)) / 2


def measure_neutral_people(
    network: Classifier, pixels: Float[Tensor, "face 1 side side"], card: Mapping[str, Any]
) -> NeutralPeople:
    """The moments over standardised neutral faces, of many people. `BadFaces` for fewer than two."""
    if len(pixels) < 2:
        raise BadFaces(f"expected neutral faces of two people or more, found {len(pixels)}")
    total, means = torch.zeros(()), []
    for some in pixels.split(_AT_ONCE):
        maps = both_ways_maps(network, some)
        total = total + maps.sum(dim=0)
        means.append(maps.mean(dim=(2, 3)))
    every, maps = torch.cat(means), total / len(pixels)
    spread = every.std(dim=0, correction=0)
    usual = distance(every, every.mean(dim=0), spread).quantile(USUAL).item()
    return NeutralPeople(maps, spread, usual, {**card, "faces": len(pixels)})
