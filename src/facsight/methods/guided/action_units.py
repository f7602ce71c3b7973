"""AU-guided learning: the network's spatial attention is aligned with a map of the expression's action units.

Paper    Belharbi, Pedersoli, Koerich, Bacon and Granger, "Guided Interpretable Facial Expression Recognition
         via Spatial Action Unit Cues", FG 2024, https://arxiv.org/abs/2402.00281
Needs    labelled faces with 68 landmarks; nothing of the kind at prediction
Learns   cross_entropy(prediction, label) + guidance * (1 - cosine(attention, AU map of the label))
Differs  AU maps are soft regions in units of the face, rendered from the augmented landmarks at the
         attention's own resolution (the paper: fixed-pixel ellipses, 28 x 28 resampling; facs/reference.py);
         the disgust entry is the intended AU10, not AU5; labels may be annotators' votes, the map is then
         that of the class with most votes. Options beyond the paper are the guide's (facs/guide.py): centred
         cosine, alignment of the class map, contrast with other classes, several codebooks, sum union, and
         what happens to faces without a valid map
"""

import torch.nn.functional as F

from facsight.core.batch import Faces, LabelledFaces
from facsight.core.method import FaceMethod
from facsight.core.prediction import Prediction
from facsight.core.terms import Terms
from facsight.facs.guide import Guide
from facsight.nn.classifier import Classifier


class ActionUnitGuidance(FaceMethod):
    """Cross entropy plus the alignment of attention and AU map, under any head.

    `layer` counts the backbone's feature maps, whose channel mean is the attention that is aligned (-1: the
    last, the paper's best).
    """

    def __init__(self, network: Classifier, guide: Guide, *, layer: int = -1):
        super().__init__()
        self.network, self.guide, self.layer = network, guide, layer

    def objective(self, batch: LabelledFaces, progress: float) -> Terms:
        features = self.network.features(batch.faces.pixels)
        said = self.network.read(features)
        terms = Terms(expression=F.cross_entropy(said.logits, batch.expression))
        terms.update(self.guide(features[self.layer].mean(dim=1), said.class_maps, batch))
        return terms

    def predict(self, faces: Faces) -> Prediction:
        return self.network(faces.pixels)
