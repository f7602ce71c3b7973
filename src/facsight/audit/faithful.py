"""Faithfulness of maps and of floors on the same faces: do decisions depend on the places that they show?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.audit.examine import Examined
from facsight.explain.faithfulness import deletion, insertion, road
from facsight.metrics.floors import floor_maps

#: The scores, and whether more is better.
FAITHFULNESS = {"deletion": False, "insertion": True, "road": True}

Values = Mapping[str, Float[Tensor, "n"]]


@dataclass(frozen=True, eq=False)
class Faithful:
    """Scores of each face under each map and each floor: `maps[name][score]`, `floors[name][score]`."""

    maps: Mapping[str, Values]
    floors: Mapping[str, Values]

    def best_floor(self, score: str) -> str:
        """The floor that is the best guide by this score."""
        means = {name: values[score].nanmean().item() for name, values in self.floors.items()}
        known = {name: mean for name, mean in means.items() if mean == mean}
        return (max if FAITHFULNESS[score] else min)(known, key=lambda name: known[name])

    def margin(self, name: str, score: str) -> Float[Tensor, "n"]:
        """By how much a map is the better guide than the best floor, face by face."""
        difference = self.maps[name][score] - self.floors[self.best_floor(score)][score]
        return difference if FAITHFULNESS[score] else -difference


def examine_faithfulness(
    score: Callable[[Tensor], Tensor], faces: Examined, maps: Mapping[str, Float[Tensor, "n h w"]], seed: int
) -> Faithful:
    """Remove places in the order of each map and floor, and follow the predicted class's probability."""
    cues, valid = faces.cues
    generator = torch.Generator().manual_seed(seed)
    floors = floor_maps(cues, valid, generator=generator, hull=faces.hull)

    def judged(chosen: Tensor) -> Values:
        ask = (score, faces.pixels, chosen, faces.predicted)
        return {
            "deletion": deletion(*ask).area,
            "insertion": insertion(*ask).area,
            "road": road(*ask, generator=torch.Generator().manual_seed(seed)).advantage,
        }

    return Faithful(
        maps={name: judged(chosen) for name, chosen in maps.items()},
        floors={name: judged(chosen) for name, chosen in floors.items()},
    )
