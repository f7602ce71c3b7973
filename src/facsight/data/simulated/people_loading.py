"""Simulated people for recipes: `data.name = "simulated_people"`."""

import torch

from facsight.data.people_set import PeopleSet
from facsight.data.simulated.people import EXPRESSIONS, NEUTRAL, Style, simulate_people


def load_simulated_people(
    *,
    people: int = 40,
    first: int = 0,
    gain: float = Style.gain,
    offset: float = Style.offset,
    rotation: float = Style.rotation,
    clips: int = 8,
    frames: int = 8,
    one_sided: int = 0,
    mostly: float = 0.75,
    data_seed: int = 0,
) -> PeopleSet:
    """So many simulated people from number `first` on, who differ so much (see `simulate_people`); with zeros
    they do not differ. The last `one_sided` show one expression in a share `mostly` of their clips.
    """
    drawn = simulate_people(
        people,
        first=first,
        generator=torch.Generator().manual_seed(data_seed),
        style=Style(gain, offset, rotation),
        clips=clips,
        frames=frames,
        one_sided=one_sided,
        mostly=mostly,
    )
    return PeopleSet("simulated_people", EXPRESSIONS, drawn, EXPRESSIONS[NEUTRAL])
