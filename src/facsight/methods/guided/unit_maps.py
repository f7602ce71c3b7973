"""Guidance action unit by action unit: each unit has a map of its own, which shows that unit where it acts.

Paper    none: ours. The alignment is that of Belharbi et al., "Guided Interpretable Facial Expression
         Recognition via Spatial Action Unit Cues", FG 2024, https://arxiv.org/abs/2402.00281
Needs    labelled faces with 68 landmarks; a network with `head = "per_unit"` (nn/heads/per_unit.py)
Learns   cross_entropy(prediction, label) + guidance * (mean over the label's units of 1 - overlap(unit's map,
         its AU map) + mean of the other units' maps)
Differs  the paper aligns one attention with one joined map, in which a unit cannot be told from the next one.
         The overlap heeds how strong a map is, the cosine does not: units could then not be compared. Which
         units a face really shows is not known: those of its label stand for them
"""

from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from facsight.core.batch import Faces, LabelledFaces
from facsight.core.errors import BadRecipe
from facsight.core.method import FaceMethod
from facsight.core.prediction import Prediction
from facsight.core.terms import Terms
from facsight.facs.au_maps import render_au_maps
from facsight.facs.guide import Guide
from facsight.nn.classifier import Classifier
from facsight.nn.heads.per_unit import UnitMaps


class UnitGuidance(FaceMethod):
    """Cross entropy plus the alignment of every unit's map.

    The terms are "expression", "guidance" (the label's units) and "absent" (the others). A unit counts as
    much as its weight in the codebook; labels without units, such as neutral, are left out of both.
    """

    def __init__(self, network: Classifier, guide: Guide):
        super().__init__()
        if not isinstance(network.head, UnitMaps):
            raise BadRecipe(
                f"unit_guidance needs a map a unit, found {type(network.head).__name__}; set "
                'network.head = "per_unit"'
            )
        if guide.on != "attention" or guide.contrast or guide.centred:
            raise BadRecipe(
                "unit_guidance aligns units' own maps: leave guidance.on, contrast and centred out"
            )
        if network.head.action_units != guide.action_units:
            raise BadRecipe(
                f"the network has maps for the units {list(network.head.action_units)}, the codebook has "
                f"{list(guide.action_units)}; set network.units to those"
            )
        self.network, self.guide = network, guide

    def objective(self, batch: LabelledFaces, progress: float) -> Terms:
        head = cast(UnitMaps, self.network.head)
        units = head.unit_maps(self.network.features(batch.faces.pixels))
        said = head.decision(units)
        terms = Terms(expression=F.cross_entropy(said.logits, batch.expression))
        if self.guide.weight:
            with torch.autocast(units.device.type, enabled=False):
                terms["guidance"] = self.guide.weight * self.misalignment(units, batch)
                terms["absent"] = self.guide.weight * self.intrusion(units, batch)
        return terms

    def misalignment(self, units: Float[Tensor, "batch unit h w"], batch: LabelledFaces) -> Float[Tensor, ""]:
        """Weighted mean of 1 - overlap over the labels' units that have a valid map; 0 where none has."""
        pixels = batch.faces.pixels
        truth = render_au_maps(
            batch.faces.landmarks,
            (units.shape[2], units.shape[3]),
            extent=(pixels.shape[2], pixels.shape[3]),
            action_units=self.guide.action_units,
        )
        weights = self.guide.unit_weights[batch.label]
        kept = truth.valid & (weights > 0)
        gap = 1 - overlap(units[kept], truth.maps[kept])
        # where nothing is kept the sum is 0, and so may be what it is divided by
        return (gap * weights[kept]).sum() / weights[kept].sum().clamp(min=torch.finfo(gap.dtype).tiny)

    def intrusion(self, units: Float[Tensor, "batch unit h w"], batch: LabelledFaces) -> Float[Tensor, ""]:
        """Mean of the maps of the units that the labels do not have; 0 where there is none."""
        weights = self.guide.unit_weights[batch.label]
        absent = (weights == 0) & (weights > 0).any(dim=1, keepdim=True)
        return units.mean(dim=(2, 3))[absent].sum() / absent.sum().clamp(min=1)

    def predict(self, faces: Faces) -> Prediction:
        return self.network(faces.pixels)


def overlap(maps: Float[Tensor, "*batch h w"], truth: Float[Tensor, "*batch h w"]) -> Float[Tensor, "*batch"]:
    r"""Twice the inner product over the sum of squares (Dice): the cosine, less where strengths differ.

    .. math:: \frac{2 \sum_p m_p t_p}{\sum_p m_p^2 + \sum_p t_p^2}

    In [0, 1] for maps without negative values; 1 only for equal maps.

    >>> truth = torch.tensor([[1.0, 0.0]])
    >>> overlap(truth, truth), overlap(truth / 2, truth)
    (tensor(1.), tensor(0.8000))
    """
    both = (maps * truth).sum(dim=(-2, -1))
    return 2 * both / (maps.square() + truth.square()).sum(dim=(-2, -1))
