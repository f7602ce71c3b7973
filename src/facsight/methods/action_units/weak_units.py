"""Action units learnt from expression labels and a codebook alone: nobody has coded a unit.

Paper    none followed to the letter; that expressions tell how probable units are: Zhang, Dong, Hu and Ji,
         "Classifier learning with prior probabilities for facial action unit recognition", CVPR 2018; Peng
         and Wang, "Weakly supervised facial action unit recognition through adversarial training", CVPR 2018
Needs    faces with expressions, and a codebook; coded units are not looked at
Learns   unit cross entropy with the weight that the codebook gives each unit in the face's expression, as a
         soft label + alignment * mean of 1 - cosine(unit's map, its region)
Differs  what is learnt is how an expression is said to look, not what a face shows: a unit that always comes
         with another in the codebook cannot be told from it but by its place. The first paper constrains
         probabilities over a batch, the second trains against an adversary; here each face is told what its
         expression makes probable, and the place is told by landmarks
"""

from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.batch import Faces, LabelledUnits
from facsight.core.errors import BadLabels, BadRecipe
from facsight.core.labels import LabelSpace
from facsight.core.method import UnitMethod
from facsight.core.prediction import UnitPrediction
from facsight.core.terms import Terms
from facsight.data.crops import UnitCropper
from facsight.facs.codebook import DEFAULT_CODEBOOK, load_codebook
from facsight.facs.unit_alignment import unit_misalignment
from facsight.losses.units import unit_cross_entropy
from facsight.nn.unit_network import UnitNetwork

NO_EXPRESSIONS = (
    "weak_units learns from expressions, and these faces have none: choose a dataset that has them, or "
    "unit_detection, which learns from coded units"
)


class WeakUnits(UnitMethod):
    """Detection of units that only a codebook tells; `told` is what it says of the classes of `space`.

    Rows of `told` are the weights of `codebook`: 0 where the expression does not have the unit, all of them
    for neutral. A unit of no expression, and an expression without entry that is not neutral, are NaN: they
    cost nothing. `BadRecipe` where nothing is left to learn.
    """

    weak = True
    told: Tensor

    def __init__(
        self,
        network: UnitNetwork,
        space: LabelSpace | None,
        *,
        codebook: str = DEFAULT_CODEBOOK,
        alignment: float = 1.0,
    ):
        super().__init__()
        if not alignment >= 0:
            raise BadRecipe(f"method.alignment is a weight of 0 or more, found {alignment}")
        if space is None:
            raise BadLabels(NO_EXPRESSIONS)
        book = load_codebook(codebook)
        told = book.weights(space.classes, network.action_units)
        neutral = torch.tensor([name == "neutral" for name in space.classes])
        silent = (book.weights(space.classes, book.action_units) == 0).all(dim=1) & ~neutral
        told[silent] = torch.nan
        told[:, ~(told > 0).any(dim=0)] = torch.nan
        if told.isnan().all():
            raise BadRecipe(
                f"the codebook {book.name} tells of {list(book.action_units)} in {list(book.expressions)}, "
                f"nothing of {list(network.action_units)} in {list(space.classes)}"
            )
        self.network, self.alignment = network, alignment
        self.register_buffer("told", told, persistent=False)

    def examples(self, given: Any) -> Any:
        """The same faces with what the codebook says of their expressions instead of what was coded."""
        return UnitCropper(
            replace(given.faces, presence=self.expected(given.faces.expression)),
            size=given.size,
            standardise=given.standardise,
            augmentation=given.augmentation,
        )

    def expected(self, expression: Float[Tensor, "n class"] | None) -> Float[Tensor, "n unit"]:
        """The mean of what is told over each face's shares of the classes, unknown where any share is."""
        if expression is None:
            raise BadLabels(NO_EXPRESSIONS)
        told = self.told.cpu().to(expression)
        unknown = (expression > 0).to(expression) @ told.isnan().to(expression) > 0
        return torch.where(unknown, torch.nan, expression @ told.nan_to_num())

    def objective(self, batch: LabelledUnits, progress: float) -> Terms:
        pixels, units = batch.faces.pixels, self.network.action_units
        said = self.network(pixels)
        terms = Terms(units=unit_cross_entropy(said.logits, batch.presence, [1.0] * len(units)))
        if self.alignment:
            misaligned = unit_misalignment(
                said.maps, batch.faces.landmarks, units, extent=(pixels.shape[2], pixels.shape[3])
            )
            terms["alignment"] = self.alignment * misaligned
        return terms

    def predict(self, faces: Faces) -> UnitPrediction:
        return self.network(faces.pixels)
