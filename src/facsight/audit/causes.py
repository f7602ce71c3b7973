"""What decisions lose without the regions of action units, beside the attention that lies on them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.audit.examine import Examined
from facsight.explain.causal_units import (
    AuditEffects,
    UnitEffects,
    audit_effects,
    rank_agreement,
    unit_effects,
)
from facsight.facs.evidence import action_unit_shares

#: Control regions for each unit of each face: their mean over a sample of faces is what counts.
CONTROLS = 4


@dataclass(frozen=True, eq=False)
class Causes:
    """Effects on the predicted class of removing all its units at once, and one by one.

    `attention` is the share of the attention on each unit; `agreement` Kendall's tau-b of the two rankings.
    """

    regions: AuditEffects
    units: UnitEffects
    attention: Float[Tensor, "n au"]
    agreement: Float[Tensor, "n"]


def examine_causes(score: Callable[[Tensor], Tensor], faces: Examined, seed: int) -> Causes:
    """Remove the predicted class's action units from each face, together and one by one."""
    about, names = faces.predicted, faces.units.action_units
    weights = faces.weights[about]
    shared = (score, faces.pixels, faces.landmarks, about, names)
    options = {"weights": weights, "controls": CONTROLS}
    regions = audit_effects(*shared, **options, generator=torch.Generator().manual_seed(seed))
    units = unit_effects(*shared, **options, generator=torch.Generator().manual_seed(seed))
    attention, _ = action_unit_shares(faces.attention, faces.units, weights)
    attention = torch.where(units.valid, attention.double(), torch.nan)
    return Causes(regions, units, attention, rank_agreement(attention, units.probability.beyond))


def by_class(causes: Causes, faces: Examined, classes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """For each predicted class with units: how many faces, and the means of each of its units.

    A unit that could be placed on no face has None.
    """
    table = {}
    for number, name in enumerate(classes):
        rows = (faces.predicted == number) & causes.units.valid.any(dim=1)
        own = [u for u, weight in enumerate(faces.weights[number].tolist()) if weight > 0]
        if not rows.any() or not own:
            continue
        table[name] = {
            "faces": int(rows.sum()),
            "units": [
                {
                    "action_unit": faces.units.action_units[u],
                    "effect": _mean(causes.units.probability.removed[rows, u]),
                    "control": _mean(causes.units.probability.control[rows, u]),
                    "attention": _mean(causes.attention[rows, u]),
                }
                for u in own
            ],
        }
    return table


def _mean(values: Tensor) -> float | None:
    mean = values.nanmean().item()
    return None if mean != mean else mean
