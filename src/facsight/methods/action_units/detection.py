"""Detection of action units: each coded unit costs its own cross entropy, rare ones more.

Paper    none: what every paper on detection has as its baseline. Weights by class frequency and the alignment
         of each unit's attention with its region: after Li et al., "EAC-Net", IEEE TPAMI 2018,
         https://arxiv.org/abs/1702.02925
Needs    faces with coded action units; any head of the shelf `unit_heads`
Learns   unit cross entropy (losses/units.py) + alignment * mean of 1 - cosine(unit's map, its region)
Differs  regions are drawn from 68 landmarks (facs/regions.py) and only used in training: the network sees no
         landmark. A unit that was not coded on a face costs nothing there; its map is aligned all the same.
         Degrees of intensity are soft labels
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from facsight.core.batch import Faces, LabelledUnits
from facsight.core.errors import BadRecipe
from facsight.core.method import UnitMethod
from facsight.core.prediction import UnitPrediction
from facsight.core.terms import Terms
from facsight.facs.unit_alignment import unit_misalignment
from facsight.losses.units import unit_cross_entropy
from facsight.nn.heads.relation_graph import RelationGraph
from facsight.nn.unit_network import UnitNetwork


class UnitDetection(UnitMethod):
    """The terms are "units" and, where `alignment` is above 0, "alignment".

    `importance` is how much each unit that is there counts beside 1 for one that is not; 1 by default.
    """

    importance: Tensor

    def __init__(
        self,
        network: UnitNetwork,
        importance: Sequence[float] | None = None,
        *,
        alignment: float = 0.0,
    ):
        super().__init__()
        if not alignment >= 0:
            raise BadRecipe(f"method.alignment is a weight of 0 or more, found {alignment}")
        self.network, self.alignment = network, alignment
        weights = torch.ones(len(network.action_units)) if importance is None else torch.tensor(importance)
        if len(weights) != len(network.action_units):
            raise BadRecipe(
                f"expected the importance of {len(network.action_units)} action units, found {len(weights)}"
            )
        self.register_buffer("importance", weights.float(), persistent=False)

    def examples(self, given: Any) -> Any:
        """The same, once a head that asks for it has seen how the coded units go together."""
        head = self.network.head
        if isinstance(head, RelationGraph):
            head.learn_prior(given.faces.presence)
        return given

    def objective(self, batch: LabelledUnits, progress: float) -> Terms:
        pixels = batch.faces.pixels
        said = self.network(pixels)
        terms = Terms(units=unit_cross_entropy(said.logits, batch.presence, self.importance))
        if self.alignment:
            terms["alignment"] = self.alignment * unit_misalignment(
                said.maps,
                batch.faces.landmarks,
                self.network.action_units,
                extent=(pixels.shape[2], pixels.shape[3]),
            )
        return terms

    def predict(self, faces: Faces) -> UnitPrediction:
        return self.network(faces.pixels)
