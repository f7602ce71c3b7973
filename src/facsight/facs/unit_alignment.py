"""How far the evidence of each action unit lies from the region where the unit acts.

The similarity is that of Belharbi et al., "Guided interpretable facial expression recognition via spatial
action unit cues", FG 2024, https://arxiv.org/abs/2402.00281, with a map a unit instead of one for all.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.facs.au_maps import render_au_maps
from facsight.facs.regions import REGIONS
from facsight.functional.similarity import cosine


def unit_misalignment(
    maps: Float[Tensor, "batch unit h w"],
    landmarks: Float[Tensor, "batch point=68 xy=2"],
    action_units: Sequence[int],
    *,
    extent: tuple[int, int],
) -> Float[Tensor, ""]:
    r"""Mean of 1 - cosine of each unit's map with its own region, whether or not the unit shows.

    `landmarks` are pixels of a crop of `extent` = (height, width). Units without a region, and those whose
    landmarks are missing or lie outside the crop, are left out; 0 where none is left.
    """
    drawn = [place for place, unit in enumerate(action_units) if unit in REGIONS]
    with torch.autocast(maps.device.type, enabled=False):
        truth = render_au_maps(
            landmarks,
            (maps.shape[2], maps.shape[3]),
            extent=extent,
            action_units=[action_units[place] for place in drawn],
        )
        gap = 1 - cosine(maps[:, drawn][truth.valid], truth.maps[truth.valid])
        return gap.sum() / truth.valid.sum().clamp(min=1)
