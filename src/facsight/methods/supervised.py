"""Plain supervised training: the baseline that every other method is compared with.

Needs    faces with a distribution over classes: annotators' votes, or all on one class (hard labels)
Learns   cross entropy between that distribution and the prediction
Source   label distributions from votes: Barsoum et al., "Training deep networks for facial expression
         recognition with crowd-sourced label distribution", ICMI 2016, eq. 6 (probabilistic label drawing's
         expectation); label smoothing: Szegedy et al., CVPR 2016, section 7
"""

import torch.nn.functional as F

from facsight.core.batch import Faces, LabelledFaces
from facsight.core.method import FaceMethod
from facsight.core.prediction import Prediction
from facsight.core.terms import Terms
from facsight.nn.classifier import Classifier


class Supervised(FaceMethod):
    """Cross entropy with the labels' distribution.

    `smoothing` moves that share of every label evenly to all classes.
    """

    def __init__(self, network: Classifier, *, smoothing: float = 0.0):
        super().__init__()
        self.network, self.smoothing = network, smoothing

    def objective(self, batch: LabelledFaces, progress: float) -> Terms:
        logits = self.network(batch.faces.pixels).logits
        return Terms(expression=F.cross_entropy(logits, batch.expression, label_smoothing=self.smoothing))

    def predict(self, faces: Faces) -> Prediction:
        return self.network(faces.pixels)
