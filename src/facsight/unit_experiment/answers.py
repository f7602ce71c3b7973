"""What a network says of the action units of a set of faces, beside what was coded."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from facsight.core.batch import Faces
from facsight.core.prediction import UnitPrediction
from facsight.data.crops import UnitCropper
from facsight.facs.au_maps import render_au_maps
from facsight.facs.regions import REGIONS
from facsight.losses.units import unit_cross_entropy
from facsight.metrics.classification import positive_f1, unit_confusions
from facsight.metrics.localisation import pointing_game, region_of


class MeanEdges(NamedTuple):
    """How far the message of one unit (column) moved the logit of another (row), over all faces."""

    signed: Float[Tensor, "unit unit"]
    size: Float[Tensor, "unit unit"]


@dataclass(frozen=True)
class UnitAnswers:
    """Logits for every face of a set, in its order, beside its labels.

    `shown` is 1 or 0 and `presence` the degree, both NaN where not coded. `pointed` says whether the largest
    value of a unit's map lies in its region, NaN where there is no region. `edges` are those of a graph.
    """

    logits: Float[Tensor, "n unit"]
    shown: Float[Tensor, "n unit"]
    presence: Float[Tensor, "n unit"]
    pointed: Float[Tensor, "n unit"]
    person: Int[Tensor, "n"]
    edges: MeanEdges | None = None

    @property
    def probabilities(self) -> Float[Tensor, "n unit"]:
        return self.logits.double().sigmoid()

    @property
    def known(self) -> Bool[Tensor, "n unit"]:
        """Which cells were coded."""
        return self.shown.isfinite()


@torch.inference_mode()
def answers(
    predict: Callable[[Faces], UnitPrediction], faces: UnitCropper, *, batch_size: int = 256
) -> UnitAnswers:
    """Ask about every face, in full precision; the result does not depend on `batch_size`."""
    logits, pointed, edges = [], [], []
    for indices in torch.arange(len(faces)).split(batch_size):
        batch = faces(indices, torch.Generator())
        said = predict(batch.faces)
        logits.append(said.logits.cpu())
        pointed.append(_pointed(said.maps.cpu(), batch.faces.landmarks, faces))
        if said.edges is not None:
            edges.append(torch.stack([said.edges.sum(dim=0), said.edges.abs().sum(dim=0)]).double().cpu())
    own = faces.faces
    means = MeanEdges(*(torch.stack(edges).sum(dim=0) / len(faces))) if edges else None
    return UnitAnswers(torch.cat(logits), own.shown, own.presence, torch.cat(pointed), own.person, means)


def _pointed(maps: Tensor, landmarks: Tensor, faces: UnitCropper) -> Float[Tensor, "batch unit"]:
    """Whether each unit's map is largest in the unit's region."""
    units, hits = faces.faces.action_units, maps.new_full(maps.shape[:2], torch.nan).double()
    drawn = [place for place, unit in enumerate(units) if unit in REGIONS]
    size, extent = (maps.shape[2], maps.shape[3]), (faces.size, faces.size)
    truth = render_au_maps(landmarks, size, extent=extent, action_units=[units[place] for place in drawn])
    found = pointing_game(maps[:, drawn].flatten(0, 1), region_of(truth.maps).flatten(0, 1))
    hits[:, drawn] = torch.where(truth.valid, found.view(truth.valid.shape), torch.nan)
    return hits


def quick_unit_scores(said: UnitAnswers) -> dict[str, float]:
    """What is watched during training: the mean F1 at one half of units that show, and the cross entropy."""
    confusion = unit_confusions((said.logits > 0).long(), said.shown.nan_to_num().long(), mask=said.known)
    there = confusion[:, 1].sum(dim=1) > 0
    cost = unit_cross_entropy(said.logits, said.shown, torch.ones(said.logits.shape[1]))
    return {"f1": positive_f1(confusion)[there].mean().item(), "cross_entropy": cost.item()}
