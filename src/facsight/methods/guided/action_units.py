"""AU-guided learning: the network's spatial attention is aligned with a map of the expression's action units.

Paper    Belharbi, Pedersoli, Koerich, Bacon and Granger, "Guided Interpretable Facial Expression Recognition
         via Spatial Action Unit Cues", FG 2024, https://arxiv.org/abs/2402.00281
Needs    labelled faces with 68 landmarks; nothing of the kind at prediction
Learns   cross_entropy(prediction, label) + guidance * (1 - cosine(attention, AU map of the label))
Differs  AU maps are soft regions in units of the face, rendered from the augmented landmarks at the
         attention's own resolution (the paper: fixed-pixel ellipses, 28 x 28 resampling; facs/reference.py);
         the disgust entry is the intended AU10, not AU5; labels may be annotators' votes, the map is then
         that of the class with most votes. Options beyond the paper: centred cosine, several codebooks, sum
         union, and what happens to faces without a valid map
"""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from facsight.core.batch import Faces, LabelledFaces
from facsight.core.errors import BadRecipe
from facsight.core.method import Method
from facsight.core.prediction import Prediction
from facsight.core.terms import Terms
from facsight.facs.au_maps import label_maps
from facsight.facs.codebook import DEFAULT_CODEBOOK, load_codebook
from facsight.functional.similarity import centred_cosine, cosine
from facsight.nn.classifier import Classifier


class ActionUnitGuidance(Method):
    """Cross entropy plus the alignment of attention and AU map.

    `guidance` is the paper's lambda (9 on AffectNet, about 4 on RAF-DB); `layer` counts the backbone's
    feature maps (-1: the last, the paper's best); `centred` takes the mean off both maps first, so that a
    uniform map earns nothing; `codebook` names the expression-to-AU table. Faces whose label has no AU
    (neutral) or whose landmarks are missing are left out of the guidance with `invalid` = "skip", or are
    guided by the map of all AUs of the codebook, where landmarks exist, with "all_units".
    """

    unit_weights: Tensor

    def __init__(
        self,
        network: Classifier,
        *,
        classes: tuple[str, ...],
        guidance: float = 4.0,
        layer: int = -1,
        centred: bool = False,
        codebook: str = DEFAULT_CODEBOOK,
        union: Literal["max", "sum"] = "max",
        invalid: Literal["skip", "all_units"] = "skip",
    ):
        super().__init__()
        if guidance < 0:
            raise BadRecipe(f"guidance is a weight of 0 or more, found {guidance}")
        self.network, self.guidance, self.layer = network, guidance, layer
        self.similarity = centred_cosine if centred else cosine
        self.union: Literal["max", "sum"] = union
        book = load_codebook(codebook)
        self.action_units = book.action_units
        weights = book.weights(classes, self.action_units)
        if invalid == "all_units":
            nothing = weights.sum(dim=1, keepdim=True) == 0
            weights = torch.where(nothing, weights.amax(dim=0, keepdim=True), weights)
        self.register_buffer("unit_weights", weights, persistent=False)

    def objective(self, batch: LabelledFaces, progress: float) -> Terms:
        maps = self.network.features(batch.faces.pixels)
        terms = Terms(expression=F.cross_entropy(self.network.logits(maps[-1]), batch.expression))
        if self.guidance:
            terms["guidance"] = self.guidance * self.misalignment(maps[self.layer].mean(dim=1), batch)
        return terms

    def misalignment(self, attention: Float[Tensor, "batch h w"], batch: LabelledFaces) -> Float[Tensor, ""]:
        """Mean of 1 - cosine over the faces that have a valid map; 0 where none has."""
        with torch.autocast(attention.device.type, enabled=False):
            cues, valid = self.cues(batch, attention.shape[-2:])
            # A map without any direction has no cosine: a face on which nothing fires cannot be guided.
            valid = valid & (attention.amax(dim=(1, 2)) > attention.amin(dim=(1, 2)))
            gap = 1 - self.similarity(attention[valid], cues[valid])
            return gap.sum() / valid.sum().clamp(min=1)

    def cues(
        self, batch: LabelledFaces, size: torch.Size
    ) -> tuple[Float[Tensor, "batch h w"], Bool[Tensor, "batch"]]:
        """The AU map of each face's label at the attention's resolution, and whether it is valid."""
        return label_maps(
            batch.faces.landmarks,
            self.unit_weights[batch.label],
            (size[0], size[1]),
            extent=(batch.faces.pixels.shape[2], batch.faces.pixels.shape[3]),
            action_units=self.action_units,
            union=self.union,
        )

    def predict(self, faces: Faces) -> Prediction:
        return self.network(faces.pixels)
